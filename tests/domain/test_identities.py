"""Identity of users: which userNames and addresses are refused, which are one user's, and which are two people's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from unicodedata import normalize
from urllib.parse import urlencode

import pytest

from support.in_process import Answer, Client, InProcess, in_process
from support.made_users import Json, created, patched, read
from support.people import CORE, PATCH_OP

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

UNSEEN = {
    "NUL": "\0",
    "tabulator": "\t",
    "line feed": "\n",
    "CR LF and a header": "\r\nBcc: x@y.example",
    "escape": "\x1b[2J",
    "delete": "\x7f",
    "C1 control": "\x9b",
    "next line": "\x85",
    "soft hyphen": "\u00ad",
    "grapheme joiner": "\u034f",
    "Arabic letter mark": "\u061c",
    "Hangul filler": "\u115f",
    "Hangul filler for compatibility": "\u3164",
    "half-width Hangul filler": "\uffa0",
    "Mongolian vowel separator": "\u180e",
    "Mongolian variation selector": "\u180b",
    "zero width space": "\u200b",
    "zero width non-joiner": "\u200c",
    "zero width joiner": "\u200d",
    "right-to-left mark": "\u200f",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "right-to-left override": "\u202e",
    "word joiner": "\u2060",
    "invisible plus": "\u2064",
    "isolate": "\u2066",
    "blank of Braille": "\u2800",
    "private use": "\ue000",
    "private use of plane 16": "\U0010fffd",
    "variation selector": "\ufe0f",
    "byte order mark": "\ufeff",
    "noncharacter of Arabic": "\ufdd0",
    "noncharacter": "\uffff",
    "unassigned": "\u0378",
    "musical control": "\U0001d173",
    "tag letter": "\U000e0041",
    "ideographic variation selector": "\U000e0100",
}

NAMES = {
    "Latin, with apostrophes": ["o'brien", "O\u2019Brien", "d'Arc", "M\u02bbBala"],
    "Latin of Europe": ["Jürgen Groß", "Łukasz Żądło", "Æsir Þórsson", "Çağla Işık", "İpek", "Dvořák", "Ștefan"],
    "Latin of Vietnam, composed or not": ["Nguyễn Thị Ánh", "Nguye\u0302\u0303n Thi\u0323 A\u0301nh"],
    "Latin of Africa": ["Ọláńrewájú", "Ŋutsɔ", "Ɓala Ɗan", "!Xóõ", "ǂKhomani"],
    "Latin of Catalonia": ["Gal·la Brul·lés"],
    "Latin, Navajo and Hawaiian": ["Łį́į́ʼ Dootłʼizh", "Kaʻiulani"],
    "Greek": ["Γιώργος Παπαδόπουλος", "Ἀριστοτέλης", "ΟΔΥΣΣΕΥΣ"],
    "Cyrillic": ["Юрий Ёлкин", "Ґалаґан Їжакевич", "Ђорђе", "Өнөр", "Ӏуанэ"],
    "Armenian": ["Արամ Խաչատրյան", "Եւա"],
    "Georgian": ["ნინო ქაჯაია", "ᲜᲘᲜᲝ"],
    "Hebrew, with points and geresh": ["דָּוִד בֶּן־גּוּרְיוֹן", "ג׳ורג׳", "צה״ל"],
    "Arabic": ["محمد بن عبد الله", "فَاطِمَة", "علي ٢"],
    "Persian, with ZWNJ": ["علی\u200cرضا", "شاه\u200cرخ", "نرگس\u200cخاتون", "مهدی\u200cزاده", "مه\u200cلقا"],
    "Urdu, Pashto, Uyghur, Kurdish": ["محمد علی جناح", "ګل ښه", "ئابدۇرېھىم", "هێمن"],
    "Syriac": ["ܝܫܘܥ ܒܪ ܡܪܝܡ"],
    "Thaana": ["މުޙައްމަދު"],
    "N'Ko": ["ߛߏߟߏߡߣߊ߫"],
    "Adlam": ["𞤀𞤣𞤢𞤥"],
    "Ethiopic": ["ኃይለ ሥላሴ", "ገ/መድህን"],
    "Tifinagh": ["ⵎⴰⵙⵉⵏⵉⵙⴰ"],
    "Devanagari, with ZWJ and ZWNJ": ["प्रिया शर्मा", "क्\u200cषमा", "र्\u200dयाने", "अँधेरा"],
    "Bengali, with ya-phalaa": ["রবীন্দ্রনাথ ঠাকুর", "র\u200d\u09cd\u09af\u09beচেল", "উৎপল", "ক্\u200cষমা"],
    "Assamese": ["ৰাহুল", "ৰ\u200d\u09cd\u09afাম"],
    "Gurmukhi": ["ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ"],
    "Gujarati": ["મોહનદાસ ગાંધી"],
    "Odia": ["ଜଗନ୍ନାଥ"],
    "Tamil": ["க. சுப்பிரமணியம்", "ஸ்ரீநிவாசன்"],
    "Telugu, with ZWNJ": ["శ్రీనివాస్", "రాజ్\u200cకుమార్"],
    "Kannada, with ZWNJ and ZWJ": ["ರಾಜ್\u200cಕುಮಾರ್", "ರ\u200d್ಯಾಂಕ್"],
    "Malayalam, chillus of both kinds": ["മോഹൻലാൽ", "മോഹന്\u200dലാല്\u200d", "ഷാജഹാൻ"],
    "Sinhala, with ZWJ": ["ශ්\u200dරී ලාල්", "චන්ද්\u200dරිකා"],
    "Thai": ["สมชาย ใจดี", "น้ำฝน"],
    "Lao": ["ຄຳໄຕ ສີພັນດອນ"],
    "Khmer": ["សុខា ចាន់ត្រា"],
    "Burmese": ["အောင်ဆန်း စုကြည်"],
    "Tibetan": ["བསྟན་འཛིན་རྒྱ་མཚོ་"],
    "Mongolian": ["ᠴᠢᠩᠭᠢᠰ", "Чингис"],
    "Javanese and Balinese": ["ꦱꦸꦏꦂꦤ", "ᬲᬸᬓᬭ᭄ᬡ"],
    "Han": ["张伟", "張偉", "司马相如", "𠮷田", "〆木"],
    "Japanese": ["山田　太郎", "さくら", "ジョン・スミス", "ﾔﾏﾀﾞ", "佐々木", "髙橋"],
    "Hangul, composed or not": ["김민준", "\u1100\u1175\u11b7"],
    "Bopomofo and Yi": ["ㄌㄧˇ", "ꆈꌠ"],
    "Cherokee": ["ᏍᏏᏉᏯ", "ꮝꮟꮙꮿ"],
    "Canadian syllabics": ["ᐃᓄᒃ"],
    "Ol Chiki, Lepcha, Meitei": ["ᱥᱟᱱᱛᱟᱲ", "ᰛᰩᰵ", "ꯃꯩꯇꯩ"],
    "Osage and Deseret": ["𐓏𐒰𐓓𐒰", "𐐖𐐄𐐤"],
    "Initials, titles, digits": ["j.r.r.tolkien", "mara+test", "mara_lind-2", "№ 5", "Mara (she/her)", "root$"],
    "Symbols": ["\U0001f389party", "a\u2764b", "C\u266f"],
}  # fmt: skip


@pytest.fixture(scope="module")
def service() -> Iterator[InProcess]:
    with in_process() as running:
        yield running


@pytest.fixture(scope="module", params=["tolerant", "strict"])
def client(request: pytest.FixtureRequest, service: InProcess) -> Client:
    return service.account(request.param, mode=request.param, deprovisioning_limit=None)


@pytest.fixture(scope="module")
def tolerant(service: InProcess) -> Client:
    return service.account("quirks", deprovisioning_limit=None)


def found(client: Client, filter_: str) -> list[str]:
    """The userNames that a filter finds."""
    answer = client.call("GET", "/Users", query=urlencode({"filter": filter_}))
    assert answer.status == 200, answer.text
    return [each["userName"] for each in answer.body["Resources"]]


def body(name: str, *addresses: str) -> Json:
    return {"schemas": [CORE], "userName": name, "emails": [{"value": address} for address in addresses]}


def make(client: Client, name: str, *addresses: str) -> Answer:
    return client.call("POST", "/Users", body(name, *addresses))


def assert_refused(answer: Answer, attribute: str, character: str) -> None:
    """400 that names the attribute and the code point, and repeats nothing of the value."""
    assert answer.status == 400, answer.text
    assert answer.body["scimType"] == "invalidValue"
    detail = answer.body["detail"]
    assert detail.startswith(f"{attribute} has U+{ord(character[0]):04X}, "), detail
    assert "remove it" in detail
    assert character[0] not in detail
    assert "mara" not in detail


@pytest.mark.parametrize("what", UNSEEN)
@pytest.mark.parametrize("at", ["start", "middle", "end"])
def test_invisible_characters_are_refused_in_user_names_and_addresses(client: Client, what: str, at: str) -> None:
    text = UNSEEN[what]
    local, domain = {
        "start": (f"{text}mara", "example.com"),
        "middle": (f"ma{text}ra", f"exam{text}ple.com"),
        "end": ("mara", f"example.com{text}"),
    }[at]

    assert_refused(make(client, {"start": local, "middle": local, "end": f"mara{text}"}[at]), "userName", text)
    assert_refused(make(client, "mara", f"{local}@{domain}"), "emails[0].value", text)
    assert found(client, "id pr") == []


def test_half_of_a_surrogate_pair_is_in_no_user_name_and_no_address(client: Client) -> None:
    for answer in (make(client, "ma\ud800ra"), make(client, "mara", "mara@example.com\udc00")):
        assert answer.status == 400
        assert "surrogate" in answer.body["detail"]
    assert found(client, "id pr") == []


def writes(name: str, address: str) -> Iterator[tuple[str, Json]]:
    """PATCH operations that write a userName or an address, with the place that an error names."""
    extended = f"{CORE}:userName"
    for op in ("add", "replace"):
        yield "userName", {"op": op, "path": "userName", "value": name}
        yield "userName", {"op": op, "path": extended, "value": name}
        yield "userName", {"op": op, "value": {"userName": name}}
        yield (
            "emails[1].value" if op == "add" else "emails[0].value",
            {
                "op": op,
                "path": "emails",
                "value": [{"value": address}],
            },
        )
        yield "emails[0].value", {"op": op, "path": "emails.value", "value": address}
        yield "emails[0].value", {"op": op, "path": 'emails[type eq "work"].value', "value": address}
        yield "emails[0].value", {"op": op, "path": 'emails[type eq "work"]', "value": {"value": address}}


def writing_the_name(name: str) -> Json:
    return {"op": "replace", "path": "userName", "value": name}


def test_no_operation_accepts_a_refused_character(client: Client) -> None:
    text = "\u202e"
    name, address = f"ma{text}ra", f"mara{text}@example.com"
    made = created(client, emails=[{"value": "first@example.com", "type": "work"}])
    place = f"/Users/{made['id']}"
    before = read(client, made)

    for attribute, operation in writes(name, address):
        answer = patched(client, made, operation)
        assert_refused(answer, attribute, text)
    assert_refused(client.call("PUT", place, body(name)), "userName", text)
    assert_refused(client.call("PUT", place, body("other", address)), "emails[0].value", text)
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "1", "data": body(name)},
        {"method": "PUT", "path": place, "data": body(name)},
        {"method": "PATCH", "path": place, "data": {"schemas": [PATCH_OP], "Operations": [writing_the_name(name)]}},
    ]
    for result in client.call("POST", "/Bulk", {"schemas": [BULK], "Operations": operations}).body["Operations"]:
        assert_refused(Answer(int(result["status"]), {}, json.dumps(result["response"])), "userName", text)
    assert read(client, made) == before
    client.call("DELETE", place)


def test_no_tolerance_accepts_a_refused_character(tolerant: Client) -> None:
    text = "\u200b"
    address = f"mara{text}@example.com"
    made = created(tolerant, emails=[{"value": "first@example.com", "type": "work"}])
    place = f"/Users/{made['id']}"

    for sent in (
        {"schemas": [], "USERNAME": f"ma{text}ra"},
        {"schemas": [], "userName": "mara", "Emails": [{"VALUE": address}]},
    ):
        for method, path in (("POST", "/Users"), ("PUT", place)):
            answer = tolerant.call(method, path, sent)
            assert (answer.status, answer.body.get("scimType")) == (400, "invalidValue"), answer.text
            assert "U+200B" in answer.body["detail"]
    for operation in (
        {"op": "Replace", "path": "USERNAME", "value": [f"ma{text}ra"]},
        {"op": "Add", "value": {'emails[type eq "work"].value': address}},
        {"op": "Replace", "value": {"emails.value": address}},
    ):
        answer = patched(tolerant, made, operation)
        assert (answer.status, answer.body.get("scimType")) == (400, "invalidValue"), answer.text
        assert "U+200B" in answer.body["detail"]
    assert read(tolerant, made) == made


@pytest.mark.parametrize("script", NAMES)
def test_a_name_of_any_script_is_a_user_name_and_a_local_part(client: Client, script: str) -> None:
    for name in NAMES[script]:
        address = f"{name}@example.com"
        answer = make(client, name, address)

        assert answer.status == 201, answer.text
        assert (answer.body["userName"], answer.body["emails"][0]["value"]) == (name, address)
        assert found(client, f"userName eq {json.dumps(name)}") == [name]
        assert found(client, f"userName sw {json.dumps(normalize('NFC', name)[:2])}") == [name]
        assert found(client, f"emails.value co {json.dumps(name)}") == [name]
        for spelling in (normalize("NFD", name), normalize("NFC", name), f" {name.lower()} "):
            assert make(client, spelling).status == 409
        assert make(client, "other", normalize("NFD", address)).status == 409
        client.call("DELETE", f"/Users/{answer.body['id']}")


SPELLINGS = {
    "capitals": "ADMIN@CORP.EXAMPLE",
    "white space around": " admin@corp.example ",
    "no-break space": "admin@corp.example\u00a0",
    "full width": "\uff41\uff44\uff4d\uff49\uff4e@\uff43orp.example",
    "bold of mathematics": "\U0001d41a\U0001d41d\U0001d426\U0001d422\U0001d427@corp.example",
    "script of mathematics": "\U0001d4b6dmin@corp.example",
    "circled": "\u24d0dmin@corp.example",
    "capital i with a dot": "ADM\u0130N@CORP.EXAMPLE",
    "second dot on an i": "admi\u0307n@corp.example",
    "superscript": "adm\u2071n@corp.example",
    "dot at the end": "admin@corp.example.",
    "dots at the end": "admin@corp.example..",
    "ideographic full stop": "admin@corp\u3002example",
    "full-width full stop": "admin@corp\uff0eexample",
    "half-width full stop": "admin@corp\uff61example",
    "one dot leader": "admin@corp\u2024example",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_another_spelling_of_a_user_is_no_new_user(client: Client, spelling: str) -> None:
    made = make(client, "admin@corp.example", "admin@corp.example")
    assert made.status == 201, made.text

    assert make(client, spelling).body["scimType"] == "uniqueness"
    assert make(client, "other", spelling).body["scimType"] == "uniqueness"
    for attribute in ("userName", "emails", "emails.value"):
        for operator in ("eq", "sw", "ew", "co"):
            part = spelling if operator == "eq" else spelling.strip().rstrip(".")
            assert found(client, f"{attribute} {operator} {json.dumps(part)}") == ["admin@corp.example"], operator
    client.call("DELETE", f"/Users/{made.body['id']}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("strauß@example.com", "strauss@example.com"),
        ("mara@straße.example", "mara@strasse.example"),
        ("mara@σας.example", "mara@σασ.example"),
        ("mara@müller.example", "mara@mueller.example"),
        ("ipek@example.com", "ıpek@example.com"),
        ("mara.lind@example.com", "maralind@example.com"),
        ("mara+1@example.com", "mara@example.com"),
        ("علی\u200cرضا@example.com", "علیرضا@example.com"),
        # Letters of two scripts that look alike are two (docs/security.md).
        ("admin@example.com", "\u0430dmin@example.com"),
    ],
)
def test_two_people_can_both_be_users(client: Client, one: str, other: str) -> None:
    made = [make(client, name, name) for name in (one, other)]

    assert [answer.status for answer in made] == [201, 201]
    for name in (one, other):
        assert found(client, f'userName eq "{name}"') == found(client, f'emails eq "{name}"') == [name]
    for answer in made:
        client.call("DELETE", f"/Users/{answer.body['id']}")


def test_the_two_forms_of_a_domain_are_one_domain(client: Client) -> None:
    made = make(client, "mara", "mara@mail.xn--mller-kva.example")
    assert made.status == 201, made.text

    for address in ("mara@mail.müller.example", "MARA@MAIL.MÜLLER.EXAMPLE", "mara@mail.XN--MLLER-KVA.example"):
        assert make(client, "other", address).status == 409
        assert found(client, f'emails eq "{address}"') == ["mara"]
        assert found(client, f'emails[value eq "{address}" and not (type pr)]') == ["mara"]
    for filter_ in ('sw "mara@mail.mü"', 'sw "mara@mail.xn--mller-kva."', 'ew "müller.example"', 'co "@mail.MÜLL"'):
        assert found(client, f"emails.value {filter_}") == ["mara"], filter_
    assert read(client, made.body)["emails"][0]["value"] == "mara@mail.xn--mller-kva.example"
    again = patched(
        client, made.body, {"op": "add", "path": "emails", "value": [{"value": "mara@mail.müller.example"}]}
    )
    assert len(again.body["emails"]) == 1
    client.call("DELETE", f"/Users/{made.body['id']}")


def test_users_sort_by_the_form_in_which_they_compare(client: Client) -> None:
    for name in ("\uff22ob", "ada", "Carl", "Änne"):
        assert make(client, name).status == 201

    answer = client.call("GET", "/Users", query=urlencode({"sortBy": "userName"}))

    assert [each["userName"] for each in answer.body["Resources"]] == ["ada", "\uff22ob", "Carl", "Änne"]


@pytest.mark.parametrize("domain", ["a_b.example", "xn--a.example", "xn--.example", f"{'a' * 64}.example", "-.example"])
def test_a_domain_that_idna_does_not_know_compares_in_lower_case(client: Client, domain: str) -> None:
    made = make(client, "mara", f"mara@{domain}")
    assert made.status == 201, made.text

    assert make(client, "other", f"mara@{domain.upper()}").status == 409
    client.call("DELETE", f"/Users/{made.body['id']}")


@pytest.mark.parametrize("address", ["@example.com", "mara", "mara@", "mara@.", "mara@\u3002", "mara@\u2026 "])
def test_an_address_has_a_local_part_and_a_domain(client: Client, address: str) -> None:
    answer = make(client, "mara", address)

    assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
    assert answer.body["detail"] == "emails[0].value must be an e-mail address, for example name@example.com."
