package provider

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// installed is one of the two servers of an installation.
type installed struct{ example, port, otherPort string }

var (
	restAPI        = installed{exampleEndpoint, twcloud.DefaultRESTPort, twcloud.DefaultWebAppPort}
	webAppPlatform = installed{exampleWebAppEndpoint, twcloud.DefaultWebAppPort, twcloud.DefaultRESTPort}
)

// endpointCheck checks the root URL of a server and returns it without trailing
// slashes. It does not repeat the URL before it is certain that it contains no
// credentials.
func endpointCheck(server installed) func(string) (*url.URL, error) {
	example := server.example
	return func(text string) (*url.URL, error) {
		lower := strings.ToLower(text)
		switch {
		case hasSpaceOrControl(text):
			return nil, strayCharacterError(fmt.Sprintf("contains a space, line break or control character. Write a URL such as %q", example))
		case strings.HasPrefix(text, `"`), strings.HasPrefix(text, `'`):
			return nil, errors.New("contains quotation marks. Remove them: docker --env-file, for example, keeps them as part of the value")
		case !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://"):
			return nil, fmt.Errorf("must be an absolute URL that starts with https://, for example %q", example)
		case strings.Contains(text, "@"):
			return nil, errors.New("must not contain a user name, a password or any other @. Use username and password, " +
				"or token. Write an @ in a path as %40")
		case strings.ContainsAny(text, "?#"):
			return nil, errors.New("must not contain a query or fragment. Remove the ? or # and everything after it")
		}
		root, err := url.Parse(text)
		if err != nil || !isHost(root.Hostname()) || !isPort(root.Port()) {
			return nil, fmt.Errorf("is not a valid URL such as %q. Check the host name and the port (1 to 65535), and "+
				"that two hexadecimal digits follow each %%", example)
		}
		origin := (&url.URL{Scheme: root.Scheme, Host: strings.TrimSuffix(strings.ToLower(root.Host), ":")}).String()
		prefix := strings.TrimRight(root.EscapedPath(), "/")
		if copied := applicationPath.FindStringIndex(prefix); copied != nil {
			// A person copies the address of a page, whose port is the other server's.
			return nil, fmt.Errorf("must not contain the path of an application. Remove %q: write %q",
				prefix[copied[0]:], strings.Replace(origin, ":"+server.otherPort, ":"+server.port, 1)+prefix[:copied[0]])
		}
		if decoded := strings.TrimRight(root.Path, "/"); decoded != "" && !isCleanPath(decoded) {
			return nil, errors.New("must not contain //, /./ or /../ in its path")
		}
		return url.Parse(origin + prefix)
	}
}

// applicationPath finds where a path of an application begins that users copy from a
// browser, or a document from an API.
var applicationPath = regexp.MustCompile(`(?i)/(osmc|oslc|authentication|webapp|admin)(/.*)?$`)

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
