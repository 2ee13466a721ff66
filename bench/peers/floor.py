"""The least that a function on DynamoDB does with the AWS SDK: a client, made at init, and one GetItem."""

import boto3

dynamodb = boto3.client("dynamodb")


def handler(event, context):
    key = {"pk": {"S": "default#USER"}, "sk": {"S": event["pathParameters"]["id"]}}
    return {"statusCode": 200, "body": dynamodb.get_item(TableName="users", Key=key)["Item"]["document"]["S"]}
