"""Security: how clients show who they are, and what they may do."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.di.depends import Security as Security
    from hawkapi.di.depends import SecurityScopes as SecurityScopes
    from hawkapi.security.api_key import APIKeyCookie as APIKeyCookie
    from hawkapi.security.api_key import APIKeyHeader as APIKeyHeader
    from hawkapi.security.api_key import APIKeyQuery as APIKeyQuery
    from hawkapi.security.base import MissingCredentialError as MissingCredentialError
    from hawkapi.security.base import SecurityScheme as SecurityScheme
    from hawkapi.security.compare import constant_time_equal as constant_time_equal
    from hawkapi.security.http_basic import HTTPBasic as HTTPBasic
    from hawkapi.security.http_basic import HTTPBasicCredentials as HTTPBasicCredentials
    from hawkapi.security.http_bearer import HTTPBearer as HTTPBearer
    from hawkapi.security.http_bearer import HTTPBearerCredentials as HTTPBearerCredentials
    from hawkapi.security.oauth2 import OAuth2PasswordBearer as OAuth2PasswordBearer
    from hawkapi.security.permissions import PermissionPolicy as PermissionPolicy
    from hawkapi.security.signing import Secret as Secret
    from hawkapi.security.signing import Signer as Signer

__all__ = [
    "APIKeyCookie",
    "APIKeyHeader",
    "APIKeyQuery",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "HTTPBearerCredentials",
    "MissingCredentialError",
    "OAuth2PasswordBearer",
    "PermissionPolicy",
    "Secret",
    "Security",
    "SecurityScheme",
    "SecurityScopes",
    "Signer",
    "constant_time_equal",
]

_TABLE = {
    "APIKeyCookie": "hawkapi.security.api_key",
    "APIKeyHeader": "hawkapi.security.api_key",
    "APIKeyQuery": "hawkapi.security.api_key",
    "HTTPBasic": "hawkapi.security.http_basic",
    "HTTPBasicCredentials": "hawkapi.security.http_basic",
    "HTTPBearer": "hawkapi.security.http_bearer",
    "HTTPBearerCredentials": "hawkapi.security.http_bearer",
    "MissingCredentialError": "hawkapi.security.base",
    "OAuth2PasswordBearer": "hawkapi.security.oauth2",
    "PermissionPolicy": "hawkapi.security.permissions",
    "Secret": "hawkapi.security.signing",
    "Security": "hawkapi.di.depends",
    "SecurityScheme": "hawkapi.security.base",
    "SecurityScopes": "hawkapi.di.depends",
    "Signer": "hawkapi.security.signing",
    "constant_time_equal": "hawkapi.security.compare",
}

if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)
