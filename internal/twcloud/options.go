package twcloud

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// Defaults of Options.
const (
	DefaultRequestTimeout        = 30 * time.Second
	DefaultMaxResponse           = 32 << 20 // a consumer takes about 100 bytes
	DefaultMaxRetries            = 4
	DefaultMaxConcurrentRequests = 10
	DefaultRetryWaitMin          = 500 * time.Millisecond
	DefaultRetryWaitMax          = 15 * time.Second
)

// Where things are in an installation, as package wire has it.
const (
	DefaultRESTPort   = wire.DefaultRESTPort
	DefaultWebAppPort = wire.DefaultWebAppPort
)

// Options configure a Client.
type Options struct {
	// Endpoint is the root of the REST API, for example
	// https://twcloud.example.com:8111. It can have the path prefix of a reverse
	// proxy. Nil: nothing is sent to the REST API.
	Endpoint *url.URL

	// WebAppEndpoint is the root of the Web Application Platform, which has root
	// services and the OAuth 1.0a endpoints. Nil: DefaultWebAppEndpoint of Endpoint.
	WebAppEndpoint *url.URL

	// AuthenticationEndpoint is the root of the authentication server: of all paths
	// that begin with /authentication/. Nil: WebAppEndpoint.
	AuthenticationEndpoint *url.URL

	// WebAppExplicit is true if the user set WebAppEndpoint. If it does not
	// answer, the client does not look for root services elsewhere.
	WebAppExplicit bool

	// Credentials sign in.
	Credentials Credentials

	// Profile is the API profile. Nil: profile.BuiltIn.
	Profile *profile.Profile

	// TLS has certificate authorities, client certificates, and so on. Nil: the
	// system's defaults.
	TLS *tls.Config

	// RequestTimeout limits one HTTP exchange, from sending to reading the last
	// byte. It does not include waiting for a slot or between retries. Zero:
	// DefaultRequestTimeout.
	RequestTimeout time.Duration

	// MaxResponse limits one response, in bytes. Zero: DefaultMaxResponse.
	MaxResponse int64

	// MaxRetries is how often a request is repeated if that is safe. Zero: never.
	// NewOptions sets DefaultMaxRetries.
	MaxRetries int

	// MaxConcurrentRequests limits the requests in flight, including sign-in and
	// sign-out. Zero: DefaultMaxConcurrentRequests.
	MaxConcurrentRequests int

	// RetryWaitMin and RetryWaitMax limit the exponential back-off with jitter
	// between retries. A Retry-After header can make it longer, up to four times
	// RetryWaitMax. NewOptions sets the defaults. Zero: no wait.
	RetryWaitMin time.Duration
	RetryWaitMax time.Duration

	// UserAgent is sent with every request.
	UserAgent string

	// Logger gets one record for each request with method, path, status, and
	// duration, but no headers or bodies. Nil: no logs.
	Logger *slog.Logger

	// Now tells the age of lists. Nil: time.Now.
	Now func() time.Time

	// Transport sends the requests. Nil: net/http with TLS and the proxies of the
	// environment. If it does not report connections to net/http/httptrace, every
	// failed registration counts as possibly sent.
	Transport http.RoundTripper
}

// DefaultWebAppEndpoint is where the Web Application Platform is by default: at port
// 8443 of an installation, or behind the reverse proxy of the REST API.
func DefaultWebAppEndpoint(endpoint *url.URL) *url.URL {
	if endpoint.Port() == DefaultRESTPort {
		return &url.URL{Scheme: endpoint.Scheme, Host: net.JoinHostPort(endpoint.Hostname(), DefaultWebAppPort)}
	}
	return &url.URL{Scheme: endpoint.Scheme, Host: endpoint.Host}
}

// Profile is an API profile: how a server manages consumers.
type Profile = profile.Profile

// NeedsCredentials reports whether an API profile has a call that is sent in a session.
func NeedsCredentials(p *Profile) bool { return p.UsesREST() || p.SignsIn() }

// Names of the built-in API profiles.
const (
	DefaultProfile   = profile.RESTAPI
	SelfRegistration = profile.SelfRegistration
)

// BuiltInProfile returns the built-in API profile of a name. It is nil if there is none.
func BuiltInProfile(name string) *Profile { return profile.Named(name) }

// ParseProfile reads an API profile. It returns all mistakes, each with its
// place in the file.
func ParseProfile(content []byte) (*Profile, []string) {
	parsed, problems := profile.Parse(content)
	var messages []string
	for _, problem := range problems {
		messages = append(messages, problem.String())
	}
	return parsed, messages
}

// NewOptions returns options with all defaults.
func NewOptions() Options {
	return Options{
		RequestTimeout:        DefaultRequestTimeout,
		MaxRetries:            DefaultMaxRetries,
		MaxConcurrentRequests: DefaultMaxConcurrentRequests,
		RetryWaitMin:          DefaultRetryWaitMin,
		RetryWaitMax:          DefaultRetryWaitMax,
	}
}
