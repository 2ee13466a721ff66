"""The set-up page: the administrator of a customer connects an identity provider, by a link and without log-in."""
