package oauth1

import (
	"fmt"
	"net/url"
	"strings"
)

// Param is one parameter of a request, decoded. A name may occur more than once
// in a query or in a form.
type Param struct {
	Name  string
	Value string
}

const upperHex = "0123456789ABCDEF"

// PercentEncode encodes text according to RFC 5849, section 3.6: every byte except
// ALPHA, DIGIT, "-", ".", "_", and "~", in upper-case hexadecimal. Neither
// url.QueryEscape nor url.PathEscape does that. Text that is not UTF-8 is encoded
// byte by byte.
func PercentEncode(text string) string {
	var encoded strings.Builder
	encoded.Grow(len(text))
	for i := range len(text) {
		if c := text[i]; isUnreserved(c) {
			encoded.WriteByte(c)
		} else {
			encoded.Write([]byte{'%', upperHex[c>>4], upperHex[c&0xF]})
		}
	}
	return encoded.String()
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// ParseForm decodes a query or an application/x-www-form-urlencoded body and
// keeps the order and the repeated names (RFC 5849, section 3.4.1.3.1). "+" is a
// space, and a name without "=" has the empty value. A malformed percent-encoding
// is an error, which does not quote the text.
func ParseForm(encoded string) ([]Param, error) {
	var params []Param
	for pair := range strings.SplitSeq(encoded, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		decodedName, err := url.QueryUnescape(name)
		if err != nil {
			return nil, fmt.Errorf("oauth1: malformed percent-encoding in the name of parameter %d", len(params)+1)
		}
		decodedValue, err := url.QueryUnescape(value)
		if err != nil {
			return nil, fmt.Errorf("oauth1: malformed percent-encoding in the value of parameter %q", decodedName)
		}
		params = append(params, Param{Name: decodedName, Value: decodedValue})
	}
	return params, nil
}
