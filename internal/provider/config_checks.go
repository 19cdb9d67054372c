package provider

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

func checkBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, fmt.Errorf(`must be "true" or "false", but is %s`, shorten(text))
}

func numberCheck(lowest, highest int) func(string) (int, error) {
	return func(text string) (int, error) {
		number, err := strconv.Atoi(text)
		if err != nil || number < lowest || number > highest {
			return 0, fmt.Errorf("must be a whole number from %d to %d, but is %s", lowest, highest, shorten(text))
		}
		return number, nil
	}
}

func checkTimeout(text string) (time.Duration, error) {
	timeout, err := time.ParseDuration(text)
	switch {
	case strings.Trim(text, "0123456789") == "":
		return 0, fmt.Errorf("needs a unit. For seconds, write %q", text+"s")
	case err != nil:
		return 0, fmt.Errorf(`must be a duration such as "30s", "1m30s" or "500ms", but is %s`, shorten(text))
	case timeout < minRequestTimeout || timeout > maxRequestTimeout:
		return 0, fmt.Errorf(`must be from "100ms" to "1h", but is %s`, shorten(text))
	}
	return timeout, nil
}

func checkNotEmpty(text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return "", errors.New("is empty")
	}
	return text, nil
}

func checkUsername(text string) (string, error) {
	switch {
	case strings.Contains(text, ":"):
		return "", errors.New("contains a colon, which Basic authentication does not support (RFC 7617). Sign in with a token instead")
	case hasControl(text) || strings.TrimSpace(text) != text:
		return "", errors.New("starts or ends with a space, or contains a line break or control character. Remove it")
	}
	return text, nil
}

const trimFile = "If it comes from a file, use trimspace(file(...)) to remove the line break at the end"

// checkPassword must not repeat the password.
func checkPassword(text string) (string, error) {
	if hasControl(text) {
		return "", errors.New("contains a line break or control character. " + trimFile)
	}
	return text, nil
}

// checkToken must not repeat the token. Tokens are visible ASCII. A line break
// would end the header.
func checkToken(text string) (string, error) {
	lower := strings.ToLower(text)
	switch {
	case strings.HasPrefix(lower, "token "), strings.HasPrefix(lower, "bearer "):
		return "", errors.New("starts with the name of an authentication scheme. Remove it and keep only the token")
	case strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c >= unicode.MaxASCII }):
		return "", errors.New("contains a space, line break or other character that is not visible ASCII. " + trimFile)
	}
	return text, nil
}

func checkServerName(text string) (string, error) {
	if _, err := netip.ParseAddr(text); err != nil && !isHostName(text) {
		return "", errors.New(`must be the host name or IP address in the server's certificate, for example ` +
			`"twcloud.example.com". Remove scheme, port, path and wildcard, and write other letters than ASCII as xn--`)
	}
	return text, nil
}

// checkCollectionPath returns the path without trailing slashes.
func checkCollectionPath(text string) (string, error) {
	trimmed := strings.TrimRight(text, "/")
	problem := ""
	switch {
	case hasSpaceOrControl(text):
		problem = "contains a space, line break or control character. Remove it, or write a space as %20"
	case !strings.HasPrefix(text, "/"):
		problem = "must be a path that starts with /, not a URL"
	case strings.ContainsAny(text, "?#"):
		problem = "must not contain a query or fragment. Remove everything from the ? or # on"
	case trimmed == "":
		problem = "must be the path of the collection, not of the server"
	case strings.Contains(trimmed, "//"):
		problem = "must not contain //"
	}
	for segment := range strings.SplitSeq(trimmed, "/") {
		if _, err := url.PathUnescape(segment); err != nil && problem == "" {
			problem = "must have two hexadecimal digits after each %"
		}
		if isDotSegment(segment) && problem == "" {
			problem = `must not contain the segment "." or ".."`
		}
	}
	if problem != "" {
		return "", fmt.Errorf("%s. The default is %q", problem, twcloud.DefaultOAuthConsumersPath)
	}
	return trimmed, nil
}

// isDotSegment reports whether an HTTP client or a proxy would resolve the
// segment.
func isDotSegment(segment string) bool {
	decoded, err := url.PathUnescape(segment)
	return err == nil && (decoded == "." || decoded == "..")
}

// isHostName accepts the ASCII characters of host names.
func isHostName(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool {
		return c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("-._", c)
	})
}

func hasControl(text string) bool {
	return strings.ContainsFunc(text, unicode.IsControl)
}

func hasSpaceOrControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}
