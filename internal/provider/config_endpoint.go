package provider

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// endpointCheck checks the root URL of a server and returns it without trailing
// slashes. It does not repeat the URL before it is certain that it contains no
// credentials.
func endpointCheck(example string) func(string) (string, error) {
	return func(text string) (string, error) {
		lower := strings.ToLower(text)
		switch {
		case hasSpaceOrControl(text):
			return "", fmt.Errorf("contains a space, line break or control character. Write a URL such as %q", example)
		case strings.HasPrefix(text, `"`), strings.HasPrefix(text, `'`):
			return "", errors.New("contains quotation marks. Remove them: docker --env-file, for example, keeps them as part of the value")
		case !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://"):
			return "", fmt.Errorf("must be an absolute URL that starts with https://, for example %q", example)
		case strings.Contains(text, "@"):
			return "", errors.New("must not contain a user name, a password or any other @. Use username and password, " +
				"or token. Write an @ in a path as %40")
		case strings.ContainsAny(text, "?#"):
			return "", errors.New("must not contain a query or fragment. Remove the ? or # and everything after it")
		}
		root, err := url.Parse(text)
		if err != nil || !isHost(root.Hostname()) || !isPort(root.Port()) {
			return "", fmt.Errorf("is not a valid URL such as %q. Check the host name and the port (1 to 65535), and "+
				"that two hexadecimal digits follow each %%", example)
		}
		origin := (&url.URL{Scheme: root.Scheme, Host: strings.TrimSuffix(strings.ToLower(root.Host), ":")}).String()
		prefix := strings.TrimRight(root.EscapedPath(), "/")
		if api := apiPath.FindStringIndex(prefix); api != nil {
			return "", fmt.Errorf("must not contain the path of an API. Remove %q: write %q",
				prefix[api[0]:], origin+prefix[:api[0]])
		}
		if decoded := strings.TrimRight(root.Path, "/"); decoded != "" && !isCleanPath(decoded) {
			return "", errors.New("must not contain //, /./ or /../ in its path")
		}
		return origin + prefix, nil
	}
}

// apiPath finds where an API of the server starts in a path.
var apiPath = regexp.MustCompile(`(?i)/(osmc|oslc|authentication)(/.*)?$`)

func isPort(port string) bool {
	number, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && number > 0
}

// isLoopback reports whether what is sent to the host stays on this machine. Names
// other than localhost are not looked up.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}

// checkEndpoints checks both endpoints together, and derives the second one if
// only the first one is given.
func (r *resolver) checkEndpoints() {
	if r.values["endpoint"].missing() {
		r.fail("endpoint", "Missing endpoint", fmt.Sprintf("No endpoint is set. Set the provider's attribute endpoint or "+
			"%s to the URL of the Teamwork Cloud REST API, for example %q.", environmentVariable("endpoint"), exampleEndpoint))
	}
	s := &r.settings
	rest, webApp := r.checkOrigin("endpoint", s.endpoint), r.checkOrigin("webapp_endpoint", s.webAppEndpoint)
	const port = "%s has port %s, the default port of %s. The default port of %s is %s. Ignore this warning if a proxy " +
		"uses this port."
	if rest != nil && rest.Port() == twcloud.DefaultWebAppPort {
		r.warn("endpoint", "Unusual port in endpoint", fmt.Sprintf(port,
			r.values["endpoint"].label(), rest.Port(), "webapp_endpoint", "endpoint", twcloud.DefaultRESTPort))
	}
	if webApp != nil && webApp.Port() == twcloud.DefaultRESTPort {
		r.warn("webapp_endpoint", "Unusual port in webapp_endpoint", fmt.Sprintf(port,
			r.values["webapp_endpoint"].label(), webApp.Port(), "endpoint", "webapp_endpoint", twcloud.DefaultWebAppPort))
	}
	s.webAppExplicit = webApp != nil
	if rest != nil && r.values["webapp_endpoint"].missing() {
		s.webAppEndpoint = (&url.URL{
			Scheme: rest.Scheme, Host: net.JoinHostPort(rest.Hostname(), twcloud.DefaultWebAppPort),
		}).String()
	}
}

// checkOrigin parses an endpoint that has passed its check, and reports if what is
// sent there can be read by others. It returns nil if there is no such endpoint.
func (r *resolver) checkOrigin(attribute, endpoint string) *url.URL {
	root, err := url.Parse(endpoint)
	if err != nil || endpoint == "" {
		return nil
	}
	label, host := r.values[attribute].label(), shorten(root.Host)
	switch {
	case root.Scheme == "https" || isLoopback(root.Hostname()):
	case r.settings.allowPlainHTTP:
		r.warn(attribute, "Credentials travel unencrypted", fmt.Sprintf("%s is a plain http:// URL. Anyone on the network "+
			"path to %s can read the credentials and consumer secrets. Use https:// if the server supports it.", label, host))
	case !r.values["allow_plain_http"].unknown:
		r.fail(attribute, "Plain HTTP is not allowed", fmt.Sprintf("%s is a plain http:// URL, so credentials would travel "+
			"unencrypted to %s. Use https://. If you trust the network, set allow_plain_http = true or %s=true.",
			label, host, environmentVariable("allow_plain_http")))
	}
	return root
}
