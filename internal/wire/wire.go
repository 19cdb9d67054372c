// Package wire has the paths and shapes of Teamwork Cloud's REST API and root
// services. It has no behavior. API profiles (package profile) describe the
// consumer API.
//
// Every item has a mark that tells how it is known:
//
//   - V: documented by the vendor (docs.nomagic.com, or the OpenAPI description
//     that the server itself serves at /osmc/swagger);
//   - S: seen in a public capture of a real server, not documented;
//   - A: assumed by this project, because nothing public says it.
package wire

// Paths of the Teamwork Cloud REST API, by default on port 8111.
const (
	// LoginPath opens a session: GET with an Authorization header answers 204
	// and sets cookies (V). POST with the password in the query string exists as
	// well (V) and must never be used.
	LoginPath = "/osmc/login"

	// LogoutPath closes the session whose cookies the GET carries, and answers
	// 204 (V).
	LogoutPath = "/osmc/logout"

	// VersionPath answers the server's version as text/plain, e.g. "2022x" (V).
	VersionPath = "/osmc/version"

	// CurrentUserPath redirects (307) to UsersPath + "/" + the name of the user
	// who is signed in (V). The query is CurrentUserQuery.
	CurrentUserPath = "/osmc/admin/currentUser"

	// CurrentUserQuery asks for the user's permissions, too (V).
	CurrentUserQuery = "permission=true"

	// UsersPath is the collection of users (V).
	UsersPath = "/osmc/admin/users"

	// DefaultOAuthConsumersPath is the collection of OAuth consumers (A). A site
	// whose server has it elsewhere can configure the path.
	DefaultOAuthConsumersPath = "/osmc/admin/oauthconsumers"

	// LegacyRootServicesPath is where servers before 2022x Refresh2 have their
	// root services document; later ones answer 301 to RootServicesPath on the
	// Web Application Platform (V).
	LegacyRootServicesPath = "/oslc/rootservices"
)

// What the first segment of a path says (V): which server has it.
const (
	// RESTPrefix is where every path of the REST API begins.
	RESTPrefix = "/osmc"

	// AuthenticationPrefix is where every path of the authentication server begins.
	// Its address is a setting of its own.
	AuthenticationPrefix = "/authentication/"
)

// Paths of the authentication server, by default on the Web Application Platform.
const (
	// OpenIDConfigurationPath is the discovery document of the authentication server
	// itself (V).
	OpenIDConfigurationPath = "/authentication/.well-known/openid-configuration"

	// OAuth2ConfigurationPath and OIDCConfigurationPath are those for registered
	// clients, since 2024x (V).
	OAuth2ConfigurationPath = "/authentication/.well-known/oauth2.0-configuration"
	OIDCConfigurationPath   = "/authentication/.well-known/oidc-configuration"

	// TokenPath answers an ID token to a POST with AuthSecretHeader, Basic
	// credentials of a user, and the query grant_type=client_credentials and client_id
	// (V).
	TokenPath = "/authentication/api/token"

	// OAuth2TokenPath and OIDCTokenPath are the token endpoints for registered
	// clients, since 2024x (V).
	OAuth2TokenPath = "/authentication/api/oauth2/token"
	OIDCTokenPath   = "/authentication/api/oidc/token"
)

// AuthSecretHeader is the header with the secret that the clients of the
// authentication server share (V).
const AuthSecretHeader = "X-Auth-Secret"

// Paths of the Web Application Platform, by default on port 8443.
const (
	// RootServicesPath is the root services document (RDF/XML) from 2022x
	// Refresh2 on (V).
	RootServicesPath = "/oslc/api/rootservices"

	// RequestConsumerKeyPath registers a consumer without a session (S): POST of
	// RegisterOAuthConsumer answers RequestedOAuthConsumer, and an administrator
	// must still approve it (V).
	RequestConsumerKeyPath = "/authentication/api/oauth/register"

	// RequestTokenPath is the temporary credential request of RFC 5849, section
	// 2.1 (S).
	RequestTokenPath = "/authentication/api/oauth/request_token"

	// UserAuthorizationPath is the resource owner authorization of RFC 5849,
	// section 2.2 (S).
	UserAuthorizationPath = "/authentication/oauth/authorize"

	// AccessTokenPath is the token request of RFC 5849, section 2.3 (S).
	AccessTokenPath = "/authentication/api/oauth/access_token"
)

// Default ports of an installation (V).
const (
	DefaultRESTPort   = "8111"
	DefaultWebAppPort = "8443"
)

// TokenScheme is the scheme of the Authorization header that carries an ID
// token or a personal access token at login (V).
const TokenScheme = "Token"

// BearerScheme is the scheme of the Authorization header that carries an OAuth 2.0
// access token (V).
const BearerScheme = "Bearer"

// ConfigureServerPermission is the permission to see and manage consumers (V). Its spelling in the answer to CurrentUserPath is
// assumed (A).
const ConfigureServerPermission = "Configure Server"

// RegisterOAuthConsumer is the body of a POST to RequestConsumerKeyPath (V).
type RegisterOAuthConsumer struct {
	Name   string `json:"name"`
	Secret string `json:"secret"`
}

// RequestedOAuthConsumer is the answer to a POST to RequestConsumerKeyPath (V).
type RequestedOAuthConsumer struct {
	Key string `json:"key"`
}

// Error is the JSON body of a failure (A). Plain text, HTML, or no body are as
// likely.
type Error struct {
	Message string `json:"message"`
}

// User is the emulator's answer at UsersPath (A). The client reads only whether
// it mentions the permission.
type User struct {
	Username    string   `json:"username"`
	Permissions []string `json:"permissions,omitempty"`
}

// Names in the root services document, an RDF/XML document with one
// rdf:Description element at its root or inside rdf:RDF (V, S).
const (
	// RDFNamespace is the namespace of rdf:RDF, rdf:Description and rdf:resource.
	RDFNamespace = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

	// JFSNamespace is the namespace of the jfs: elements below.
	JFSNamespace = "http://jazz.net/xmlns/prod/jazz/jfs/1.0/"

	// The URLs of the OAuth 1.0a endpoints, as rdf:resource attributes.
	OAuthRequestConsumerKeyURLElement = "oauthRequestConsumerKeyUrl"
	OAuthRequestTokenURLElement       = "oauthRequestTokenUrl"
	OAuthUserAuthorizationURLElement  = "oauthUserAuthorizationUrl"
	OAuthAccessTokenURLElement        = "oauthAccessTokenUrl"

	// The realm and the domain, as text.
	OAuthRealmNameElement = "oauthRealmName"
	OAuthDomainElement    = "oauthDomain"
)

// DefaultOAuthRealm is the realm of a 2024x server (S).
const DefaultOAuthRealm = "TWC"
