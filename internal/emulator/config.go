package emulator

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// Defaults of Config.
const (
	// DefaultIdleTimeout is how long a session lives without a call (V).
	DefaultIdleTimeout = 15 * time.Minute

	// DefaultVersion is what VersionPath answers. Its format is the vendor's (V).
	DefaultVersion = "2024x Refresh2"
)

// The clients of a server's OAuth 2.0.
const (
	// AuthSecret is the X-Auth-Secret that the clients of authserver.DefaultClientIDs
	// share.
	AuthSecret = "auth-secret"

	// ClientID and ClientSecret are of the registered client.
	ClientID     = "twcloud-client"
	ClientSecret = "client-secret"
)

// singleSignOnURL is where single sign-on leads to.
const singleSignOnURL = "https://sso.example.com/saml2/idp/SSOService"

// The users of a server that was started without Config.Users.
const (
	AdminName      = "admin"
	AdminPassword  = "admin-password"
	AdminToken     = "admin-token"
	ViewerName     = "viewer"
	ViewerPassword = "viewer-password"
	ViewerToken    = "viewer-token"
)

// Config are the settings of an emulated server. Its zero value is a server on
// two free loopback ports, in plain HTTP, with DefaultUsers, without consumers
// and with any number of seats.
type Config struct {
	// RESTAddress and WebAppAddress are where the two servers listen. Empty:
	// 127.0.0.1:0, a free port.
	RESTAddress, WebAppAddress string

	// AuthenticationAddress is where the authentication server listens. Empty: it is
	// a part of the Web Application Platform (V). As localhost:0, it has another host
	// name, too.
	AuthenticationAddress string

	// OneOrigin has both servers at RESTAddress, told apart by the first segment of the
	// path, as behind the vendor's own proxy configurations (V).
	OneOrigin bool

	// LoadBalancer has a load balancer with a cookie in front of the servers (V). A
	// request without the cookie gets to another node, which knows no session.
	LoadBalancer bool

	// TLS serves both in HTTPS, with certificates for 127.0.0.1, ::1 and localhost
	// that a certificate authority of this server's own has issued.
	TLS bool

	// ClientCA demands a client certificate that the same authority has issued:
	// Server.ClientCertificatePEM. It implies TLS.
	ClientCA bool

	// RESTPathPrefix and WebAppPathPrefix are in front of every path of the two servers,
	// as behind reverse proxies, such as "/twcloud". With OneOrigin, the first is for
	// both. Redirects carry it; cookies do not, unless RewriteCookies is set.
	RESTPathPrefix, WebAppPathPrefix string

	// RewriteCookies has the reverse proxies put the prefix in front of the cookies'
	// Path, too.
	RewriteCookies bool

	// Seats is how many sessions can be open at a time. Zero: any number.
	Seats int

	// IdleTimeout is how long a session of the REST API lives without a call. Zero:
	// DefaultIdleTimeout.
	IdleTimeout time.Duration

	// PlatformIdleTimeout is how long a session of the Web Application Platform or of
	// the authentication server lives without a request. Zero:
	// authserver.DefaultIdleTimeout.
	PlatformIdleTimeout time.Duration

	// TokenLifetime is how long ID tokens and access tokens live. Zero:
	// authserver.DefaultTokenLifetime.
	TokenLifetime time.Duration

	// Quirks are how the sign-in on the platform deviates.
	Quirks []authserver.Quirk

	// LicenseStatus is the response to a login when every seat is taken: 503, or
	// 403 (A). Zero: 503.
	LicenseStatus int

	// RegistrationSession demands a session for self-registration, which is documented
	// without one (V).
	RegistrationSession bool

	// UniqueNames refuses a second consumer of the same name with 409. Whether
	// real servers do is not known (A).
	UniqueNames bool

	// Profile describes the consumer API (A). Nil: profile.BuiltIn().
	Profile *profile.Profile

	// ConsumerQuirk is the name of a way in which the consumer API deviates from every
	// profile: one of ConsumerQuirks. Empty: it does not.
	ConsumerQuirk string

	// PageSize is how many consumers one page of the list has, if the profile has
	// pages. Zero: 3.
	PageSize int

	// Version is what VersionPath answers. Empty: DefaultVersion.
	Version string

	// LegacyRootServices has the root services document on the REST port, as
	// servers before 2022x Refresh2 have (V). Otherwise it is on the Web
	// Application Platform, and the REST port answers 301 (V).
	LegacyRootServices bool

	// Latency is added to every response, in real time.
	Latency time.Duration

	// Users can sign in. Nil: DefaultUsers.
	Users []User

	// Now tells the time for sessions, tokens, and OAuth 1.0a. Nil: time.Now.
	Now func() time.Time

	// Log gets one line for each request: server, method, path, status. Never a
	// query, a header, a cookie or a body. Nil: no log.
	Log io.Writer

	// NewKey generates the key of a consumer that is registered. It must not call
	// the server. Nil: random; a number if the calls of the profile send the key
	// as one.
	NewKey func() string

	// KeepRequests is how many requests Server.Requests remembers. Zero: all.
	KeepRequests int

	// ValidateContract checks requests and answers against the OpenAPI document
	// and collects what does not conform in Server.ContractViolations. The
	// document describes the built-in profile: the field has no effect with another
	// one. New sets it; Start leaves it as it is.
	ValidateContract bool
}

// User can sign in, with the password (V) or with the token (V).
type User struct {
	Name, Password string

	// Token is a personal access token. Empty: none.
	Token string

	// ConfigureServer is the permission to manage consumers (V).
	ConfigureServer bool
}

// Consumer is an OAuth consumer with its secret, as the server has it inside.
type Consumer struct {
	Key      string `json:"key"`
	Name     string `json:"name"`
	Approved bool   `json:"approved"`
	Secret   string `json:"-"`
}

// DefaultUsers returns an administrator with the Configure Server permission
// and a viewer without it.
func DefaultUsers() []User {
	return []User{
		{Name: AdminName, Password: AdminPassword, Token: AdminToken, ConfigureServer: true},
		{Name: ViewerName, Password: ViewerPassword, Token: ViewerToken},
	}
}

// withDefaults returns config with every empty field filled in.
func (config Config) withDefaults() Config {
	config.RESTAddress = cmp.Or(config.RESTAddress, "127.0.0.1:0")
	config.WebAppAddress = cmp.Or(config.WebAppAddress, "127.0.0.1:0")
	config.TLS = config.TLS || config.ClientCA
	config.RESTPathPrefix = absolutePath(config.RESTPathPrefix)
	config.WebAppPathPrefix = absolutePath(config.WebAppPathPrefix)
	if config.OneOrigin {
		config.WebAppPathPrefix = config.RESTPathPrefix
	}
	config.IdleTimeout = cmp.Or(config.IdleTimeout, DefaultIdleTimeout)
	config.LicenseStatus = cmp.Or(config.LicenseStatus, http.StatusServiceUnavailable)
	config.Profile = cmp.Or(config.Profile, profile.BuiltIn())
	config.PageSize = cmp.Or(config.PageSize, defaultPageSize)
	config.Version = cmp.Or(config.Version, DefaultVersion)
	if config.Users == nil {
		config.Users = DefaultUsers()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.NewKey == nil {
		config.NewKey = randomHex
		if config.Profile.NumericKeys() {
			config.NewKey = func() string { return strconv.FormatInt(1e6+mathrand.Int64N(9e6), 10) }
		}
	}
	return config
}

// prefix is in front of every path of a part of the server.
func (config *Config) prefix(part string) string {
	if part == REST {
		return config.RESTPathPrefix
	}
	return config.WebAppPathPrefix
}

// absolutePath begins with a slash and ends with none, unless it is empty.
func absolutePath(path string) string {
	if path = strings.Trim(path, "/"); path != "" {
		path = "/" + path
	}
	return path
}

// randomHex returns 16 random bytes in hexadecimal digits.
func randomHex() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // It never fails.
	return hex.EncodeToString(b)
}
