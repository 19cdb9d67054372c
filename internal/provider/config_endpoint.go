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
			return "", fmt.Errorf("contains quotation marks. Remove them: docker --env-file, for example, keeps them")
		case !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://"):
			return "", fmt.Errorf("must be an absolute URL that starts with https://, for example %q", example)
		case strings.Contains(text, "@"):
			return "", fmt.Errorf("must not contain a user name or password, or any other @. Use username and password, " +
				"or token. Write an @ in a path as %%40")
		case strings.ContainsAny(text, "?#"):
			return "", fmt.Errorf("must not contain a query or fragment. Remove everything from the ? or # on")
		}
		root, err := url.Parse(text)
		if err != nil || !validHost(root.Hostname()) || !validPort(root.Port()) {
			return "", fmt.Errorf("is not a valid URL such as %q. Check the host name and the port (1 to 65535), and "+
				"that two hexadecimal digits follow each %%", example)
		}
		origin := (&url.URL{Scheme: root.Scheme, Host: strings.TrimSuffix(strings.ToLower(root.Host), ":")}).String()
		prefix := strings.TrimRight(root.EscapedPath(), "/")
		segments := strings.Split(prefix, "/")
		for i, segment := range segments {
			if slices.Contains([]string{"osmc", "oslc", "authentication"}, strings.ToLower(segment)) {
				return "", fmt.Errorf("must not contain the path of an API. Remove %q and what follows: write %q",
					"/"+strings.ToLower(segment), origin+strings.Join(segments[:i], "/"))
			}
			if isDotSegment(segment) {
				return "", fmt.Errorf(`must not contain the path segment "." or ".."`)
			}
		}
		return origin + prefix, nil
	}
}

// validHost accepts names in any script, which net/http converts to their xn--
// form, but no leftovers of a template, such as <host> or ${HOST}.
func validHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	ascii := strings.Map(func(c rune) rune {
		if c > unicode.MaxASCII {
			return -1
		}
		return c
	}, host)
	return host != "" && isHostName(ascii)
}

func validPort(port string) bool {
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
	rest := r.checkOrigin("endpoint", s.endpoint)
	webApp := r.checkOrigin("webapp_endpoint", s.webAppEndpoint)
	const detail = "%s has port %s, the default of the %s. The default port of the %s is %s. Ignore this warning if a " +
		"proxy serves it on this port."
	if rest != nil && rest.Port() == twcloud.DefaultWebAppPort {
		r.warn("endpoint", "endpoint has the Web Application Platform's port", fmt.Sprintf(detail,
			r.values["endpoint"].label(), rest.Port(), "Web Application Platform", "REST API", twcloud.DefaultRESTPort))
	}
	if webApp != nil && webApp.Port() == twcloud.DefaultRESTPort {
		r.warn("webapp_endpoint", "webapp_endpoint has the REST API's port", fmt.Sprintf(detail,
			r.values["webapp_endpoint"].label(), webApp.Port(), "REST API", "Web Application Platform", twcloud.DefaultWebAppPort))
	}
	s.webAppExplicit = webApp != nil
	if rest != nil && r.values["webapp_endpoint"].missing() {
		s.webAppEndpoint = (&url.URL{
			Scheme: rest.Scheme, Host: net.JoinHostPort(rest.Hostname(), twcloud.DefaultWebAppPort),
		}).String()
	}
}

// checkOrigin parses an endpoint that has passed its check, and reports if what is
// sent there can be read by others. It is nil if there is no such endpoint.
func (r *resolver) checkOrigin(attribute, endpoint string) *url.URL {
	root, err := url.Parse(endpoint)
	if err != nil || endpoint == "" {
		return nil
	}
	switch {
	case root.Scheme == "https" || isLoopback(root.Hostname()):
	case r.settings.allowPlainHTTP:
		r.warn(attribute, "Credentials travel unencrypted", fmt.Sprintf("%s is a plain http:// URL. Anyone on the network "+
			"path to %s can read the credentials and consumer secrets.", r.values[attribute].label(), shorten(root.Host)))
	case !r.values["allow_plain_http"].unknown:
		r.fail(attribute, "Plain HTTP is not allowed", fmt.Sprintf("%s is a plain http:// URL, so credentials would travel "+
			"unencrypted to %s. Use https://. If you trust the network, set allow_plain_http = true or %s=true.",
			r.values[attribute].label(), shorten(root.Host), environmentVariable("allow_plain_http")))
	}
	return root
}
