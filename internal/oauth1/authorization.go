package oauth1

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// authScheme is matched without regard to case (RFC 5849, section 3.5.1).
const authScheme = "OAuth"

// formatAuthorization implements RFC 5849, section 3.5.1. The realm is a
// quoted-string and is not percent-encoded; an empty one is left out.
func formatAuthorization(realm string, params []Param) (string, error) {
	var fields []string
	if realm != "" {
		quoted, err := quote(realm)
		if err != nil {
			return "", err
		}
		fields = append(fields, "realm="+quoted)
	}
	for _, param := range params {
		fields = append(fields, PercentEncode(param.Name)+`="`+PercentEncode(param.Value)+`"`)
	}
	return authScheme + " " + strings.Join(fields, ", "), nil
}

func quote(text string) (string, error) {
	var quoted strings.Builder
	quoted.WriteByte('"')
	for i := range len(text) {
		c := text[i]
		if c < ' ' && c != '\t' || c == 0x7F {
			return "", errors.New("oauth1: the realm has a control character")
		}
		if c == '"' || c == '\\' {
			quoted.WriteByte('\\')
		}
		quoted.WriteByte(c)
	}
	quoted.WriteByte('"')
	return quoted.String(), nil
}

// ParseAuthorization parses the value of an Authorization header (RFC 5849, section
// 3.5.1) into the realm and the other parameters, decoded. Another scheme, a value
// without quotes, and a repeated name (section 3.1) are errors. No error quotes a
// value.
func ParseAuthorization(value string) (realm string, params []Param, err error) {
	scheme, rest, _ := strings.Cut(trimSpace(value), " ")
	if !strings.EqualFold(scheme, authScheme) {
		return "", nil, errors.New("oauth1: the Authorization header is not of the scheme OAuth")
	}

	seen := make(map[string]bool)
	for rest = trimSpace(rest); rest != ""; {
		encodedName, after, found := strings.Cut(rest, "=")
		if !found {
			return "", nil, errors.New("oauth1: a parameter of the Authorization header has no value")
		}
		name, err := url.PathUnescape(trimSpace(encodedName))
		if err != nil {
			return "", nil, errors.New("oauth1: malformed percent-encoding in the Authorization header")
		}
		if seen[name] {
			return "", nil, fmt.Errorf("oauth1: the parameter %q is repeated in the Authorization header", name)
		}
		seen[name] = true

		content, after, found := cutQuoted(trimSpace(after))
		if !found {
			return "", nil, fmt.Errorf("oauth1: the parameter %q of the Authorization header is not quoted", name)
		}
		if name == "realm" {
			realm = content
		} else {
			decoded, err := url.PathUnescape(content)
			if err != nil {
				return "", nil, fmt.Errorf("oauth1: malformed percent-encoding in the parameter %q of the Authorization header", name)
			}
			params = append(params, Param{Name: name, Value: decoded})
		}

		rest = trimSpace(after)
		if rest != "" && rest[0] != ',' {
			return "", nil, fmt.Errorf("oauth1: no comma follows the parameter %q of the Authorization header", name)
		}
		rest = trimSpace(strings.TrimPrefix(rest, ","))
	}
	return realm, params, nil
}

// cutQuoted returns the quoted-string at the start of text, without its quotes and
// escapes, and the text after it.
func cutQuoted(text string) (content, after string, found bool) {
	if !strings.HasPrefix(text, `"`) {
		return "", text, false
	}
	var unquoted strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return unquoted.String(), text[i+1:], true
		case c == '\\' && i+1 < len(text):
			i++
			unquoted.WriteByte(text[i])
		default:
			unquoted.WriteByte(c)
		}
	}
	return "", text, false
}

func trimSpace(text string) string {
	return strings.Trim(text, " \t")
}
