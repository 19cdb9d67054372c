package provider

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// Examples of endpoints, for diagnostics and documentation.
const (
	exampleEndpoint       = "https://twcloud.example.com:" + twcloud.DefaultRESTPort
	exampleWebAppEndpoint = "https://twcloud.example.com:" + twcloud.DefaultWebAppPort
)

// plainHTTPPolicy says what becomes of an http:// URL of another machine.
type plainHTTPPolicy int

const (
	plainHTTPRefused plainHTTPPolicy = iota
	plainHTTPAllowed
	// plainHTTPUndecided is neither refused nor warned of: the attribute that
	// decides is unknown yet.
	plainHTTPUndecided
)

// endpoints resolves both roots, the second of which defaults to the host of the
// first on the Web Application Platform's port.
func (r *resolver) endpoints(config providerModel) (endpoint, webAppEndpoint string) {
	plainHTTP := plainHTTPRefused
	switch {
	case r.boolean("allow_plain_http", config.AllowPlainHTTP):
		plainHTTP = plainHTTPAllowed
	case config.AllowPlainHTTP.IsUnknown():
		plainHTTP = plainHTTPUndecided
	}

	rest := r.text("endpoint", config.Endpoint)
	if rest.open() {
		r.fail("endpoint", "Missing endpoint", fmt.Sprintf(
			"Set the provider's attribute endpoint or the environment variable %s to the root of the "+
				"Teamwork Cloud REST API, e.g. %q.", environmentVariable("endpoint"), exampleEndpoint))
	}
	restURL := r.endpoint(rest, exampleEndpoint, plainHTTP)
	if restURL != nil && restURL.Port() == twcloud.DefaultWebAppPort {
		r.warn("endpoint", "The endpoint looks like the Web Application Platform", fmt.Sprintf(
			"%s has port %s, which is by default the Web Application Platform's. The REST API, which is meant "+
				"here, is by default on port %s. This is fine if a proxy serves the REST API there.",
			rest.subject(), twcloud.DefaultWebAppPort, twcloud.DefaultRESTPort))
	}

	webApp := r.text("webapp_endpoint", config.WebAppEndpoint)
	webAppURL := r.endpoint(webApp, exampleWebAppEndpoint, plainHTTP)
	if webAppURL != nil && webAppURL.Port() == twcloud.DefaultRESTPort {
		r.warn("webapp_endpoint", "The Web Application Platform's endpoint looks like the REST API", fmt.Sprintf(
			"%s has port %s, which is by default the REST API's. The Web Application Platform, which is meant "+
				"here, is by default on port %s. This is fine if a proxy serves it there.",
			webApp.subject(), twcloud.DefaultRESTPort, twcloud.DefaultWebAppPort))
	}
	if webApp.open() && restURL != nil {
		webAppURL = &url.URL{
			Scheme: restURL.Scheme,
			Host:   net.JoinHostPort(restURL.Hostname(), twcloud.DefaultWebAppPort),
		}
	}

	return rootText(restURL), rootText(webAppURL)
}

// endpoint checks a root URL. It is nil if the value is not given or cannot be
// used. The value is never repeated in a diagnostic before it is certain that no
// credentials are written into it.
func (r *resolver) endpoint(v value, example string, plainHTTP plainHTTPPolicy) *url.URL {
	if !v.given() {
		return nil
	}

	lower := strings.ToLower(v.text)
	switch {
	case hasSpaceOrControl(v.text):
		r.reject(v, "has a blank, a line break or a control character in it. Write it as %q is written.", example)
		return nil
	case strings.HasPrefix(v.text, `"`), strings.HasPrefix(v.text, `'`):
		r.reject(v, "has quotation marks in its value. Remove them: docker --env-file and the like keep them.")
		return nil
	case !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://"):
		r.reject(v, "must be an absolute URL that begins with https://, such as %q.", example)
		return nil
	case strings.Contains(v.text, "@"):
		r.reject(v, "must not contain a user name or a password, nor any other @. Use username and password, or "+
			"token; they can come from the environment. (A path that has an @ in it is written with %%40.)")
		return nil
	}

	bare, _, hasFragment := strings.Cut(v.text, "#")
	_, _, hasQuery := strings.Cut(bare, "?")
	if hasFragment {
		r.reject(v, "must not have a fragment: leave out the # and what follows it.")
	}
	if hasQuery {
		r.reject(v, "must not have a query: leave out the ? and what follows it.")
	}
	if hasFragment || hasQuery {
		return nil
	}

	root, err := url.Parse(v.text)
	if err != nil || !validHost(root.Hostname()) || !validPort(root.Port()) {
		r.reject(v, "is not a well-formed URL such as %q. Check the host name, the port (a number from 1 to 65535) "+
			"and that each %% is followed by two hexadecimal digits.", example)
		return nil
	}
	root = &url.URL{
		Scheme:  strings.ToLower(root.Scheme),
		Host:    strings.TrimSuffix(strings.ToLower(root.Host), ":"),
		Path:    root.Path,
		RawPath: root.RawPath,
	}

	usable := r.endpointPath(v, root)
	if root.Scheme == "http" && !isLoopback(root.Hostname()) {
		switch plainHTTP {
		case plainHTTPRefused:
			r.reject(v, "is a plain http:// URL of another machine: credentials would travel unencrypted to %s. Use "+
				"https://. If the network between is trusted, set allow_plain_http = true or %s=true.",
				shorten(root.Host), environmentVariable("allow_plain_http"))
			return nil
		case plainHTTPAllowed:
			r.warn(v.attribute, "Credentials travel unencrypted", fmt.Sprintf(
				"%s is a plain http:// URL of another machine: whoever can listen between here and %s reads the "+
					"credentials and the secrets of consumers.", v.subject(), shorten(root.Host)))
		case plainHTTPUndecided:
		}
	}
	if !usable {
		return nil
	}
	return root
}

// endpointPath reports whether the path of a root URL can be a prefix that a
// reverse proxy adds.
func (r *resolver) endpointPath(v value, root *url.URL) bool {
	segments := strings.Split(strings.TrimRight(root.EscapedPath(), "/"), "/")
	for i, segment := range segments {
		switch name := strings.ToLower(segment); {
		case isAPISegment(name):
			prefix := root.Scheme + "://" + root.Host + strings.Join(segments[:i], "/")
			r.reject(v, "must be the root of the server, without the paths of its API: leave out %q and what "+
				"follows it, and write %q.", "/"+name, prefix)
			return false
		case isDotSegment(segment):
			r.reject(v, `must not have "." or ".." as a part of its path.`)
			return false
		}
	}
	return true
}

// isAPISegment reports whether a server has an API of its own below such a path.
func isAPISegment(segment string) bool {
	return slices.Contains([]string{"osmc", "oslc", "authentication"}, segment)
}

// rootText writes a root URL without trailing slashes. A nil one is empty.
func rootText(root *url.URL) string {
	if root == nil {
		return ""
	}
	origin := url.URL{Scheme: root.Scheme, Host: root.Host}
	return origin.String() + strings.TrimRight(root.EscapedPath(), "/")
}

// validHost accepts names in any script, which net/http turns into their xn--
// form, but not what is left over from a template, such as <host> or ${HOST}.
func validHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host != "" && !strings.ContainsFunc(host, func(c rune) bool {
		return c <= unicode.MaxASCII && !isHostCharacter(c)
	})
}

// isHostCharacter reports whether an ASCII character is usual in a host name.
func isHostCharacter(c rune) bool {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strings.ContainsRune("-._", c)
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

// isLoopback reports whether what is sent to the host stays on this machine. A
// name other than localhost is not looked up.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
