package provider

import (
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

func (r *resolver) oauthConsumersPath(config types.String) string {
	v := r.text("oauth_consumers_path", config)
	if !v.given() {
		return twcloud.DefaultOAuthConsumersPath
	}

	trimmed, problem := checkCollectionPath(v.text)
	if problem != "" {
		r.reject(v, "%s The default is %q.", problem, twcloud.DefaultOAuthConsumersPath)
	}
	return trimmed
}

// checkCollectionPath returns the path without trailing slashes, or says what is
// wrong with it.
func checkCollectionPath(text string) (trimmed, problem string) {
	trimmed = strings.TrimRight(text, "/")
	switch {
	case hasSpaceOrControl(text):
		return "", "has a blank, a line break or a control character in it: remove it, or write a blank as %20."
	case !strings.HasPrefix(text, "/"):
		return "", "must be a path below the endpoint that begins with /, not a whole URL."
	case strings.ContainsAny(text, "?#"):
		return "", "must be a path alone: leave out the query (?) and the fragment (#)."
	case trimmed == "":
		return "", "must name the collection of consumers, not the root of the server."
	case strings.Contains(trimmed, "//"):
		return "", "must not have // in it."
	}

	for segment := range strings.SplitSeq(trimmed, "/") {
		if _, err := url.PathUnescape(segment); err != nil {
			return "", "must have two hexadecimal digits after each %."
		}
		if isDotSegment(segment) {
			return "", `must not have "." or ".." as a part.`
		}
	}
	return trimmed, ""
}

// isDotSegment reports whether an HTTP client or a proxy would resolve the
// segment away.
func isDotSegment(segment string) bool {
	decoded, err := url.PathUnescape(segment)
	return err == nil && (decoded == "." || decoded == "..")
}
