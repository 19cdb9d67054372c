package provider

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

func checkBool(text string) (bool, error) {
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf(`must be "true" or "false", but is %s`, shorten(text))
	}
	return value, nil
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

// checkBuiltInProfile returns the built-in API profile of a name.
func checkBuiltInProfile(text string) (*twcloud.Profile, error) {
	found := twcloud.BuiltInProfile(text)
	if found == nil {
		return nil, fmt.Errorf("must be %q or %q, but is %s. For a profile of your own, set api_profile_file",
			twcloud.DefaultProfile, twcloud.SelfRegistration, shorten(text))
	}
	return found, nil
}

// checkAPIProfile returns an API profile, or every mistake in it.
func checkAPIProfile(text string) (*twcloud.Profile, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("is empty")
	}
	parsed, problems := twcloud.ParseProfile([]byte(text))
	failures := make([]error, len(problems))
	for i, problem := range problems {
		failures[i] = errors.New("is not a valid API profile: " + problem)
	}
	return parsed, errors.Join(failures...)
}

func checkUsername(text string) (string, error) {
	switch {
	case strings.Contains(text, ":"):
		return "", errors.New("contains a colon, which Basic authentication does not support (RFC 7617). " +
			"Sign in with a token instead")
	case hasControl(text) || strings.TrimSpace(text) != text:
		return "", strayCharacterError("starts or ends with a space, or contains a line break or control character")
	}
	return text, nil
}

func checkClientID(text string) (string, error) {
	if hasSpaceOrControl(text) {
		return "", strayCharacterError("contains a space, line break or control character")
	}
	return text, nil
}

// checkHeader checks a secret that is sent in a header, which a line break would end. It
// must not repeat the secret.
func checkHeader(text string) (string, error) {
	if strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c >= unicode.MaxASCII }) {
		return "", strayCharacterError("contains a space, line break or other character that is not visible ASCII")
	}
	return text, nil
}

// strayCharacterError is a value that has a character too many, such as the line
// break at the end of the file from which it was read.
type strayCharacterError string

func (e strayCharacterError) Error() string { return string(e) }

// checkPassword must not repeat the password.
func checkPassword(text string) (string, error) {
	if hasControl(text) {
		return "", strayCharacterError("contains a line break or control character")
	}
	return text, nil
}

// checkToken must not repeat the token.
func checkToken(text string) (string, error) {
	lower := strings.ToLower(text)
	if strings.HasPrefix(lower, "token ") || strings.HasPrefix(lower, "bearer ") {
		return "", errors.New("starts with the name of an authentication scheme. Remove it and keep only the token")
	}
	return checkHeader(text)
}

func checkServerName(text string) (string, error) {
	if !isHost(text) || strings.ContainsFunc(text, isNotASCII) {
		return "", errors.New(`must be the host name or IP address in the server's certificate, for example ` +
			`"twcloud.example.com". Remove the scheme, port and path, and use the xn-- form of a name that is not ASCII`)
	}
	return text, nil
}

// isCleanPath reports whether HTTP clients and proxies leave a path as it is.
func isCleanPath(decoded string) bool { return path.Clean(decoded) == decoded }

// isHost accepts addresses, and names in any script, which net/http converts to
// their xn-- form. It refuses leftovers of a template, such as <host> or ${HOST}.
func isHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool {
		return !isNotASCII(c) && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("-._", c)
	})
}

func isNotASCII(c rune) bool { return c > unicode.MaxASCII }

func hasControl(text string) bool {
	return strings.ContainsFunc(text, unicode.IsControl)
}

func hasSpaceOrControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}
