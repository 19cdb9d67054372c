package twcloud

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/charset"
)

// decoded returns a body in UTF-8. Its charset is that of the media type. A page
// without one has it in the page, and decoded adds it to the header, because a form
// is sent in the charset of its page. XML without one has it in its declaration.
// All else is UTF-8, as JSON must be (RFC 8259).
//
// It is an error if a byte has no meaning in the charset: a wrong character in a name
// would be a difference between configuration and server that no apply removes. Then
// the body is returned as it is.
func decoded(body []byte, header http.Header) ([]byte, error) {
	mediaType, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		mediaType, parameters = "", nil
	}
	named := parameters["charset"]
	switch {
	case len(body) == 0:
		return body, nil
	case named == "" && isXML(mediaType):
		named = charset.OfXML(body)
	case named == "" && mediaType == "text/html":
		named = charset.OfPage(body)
		header.Set("Content-Type", mime.FormatMediaType(mediaType, map[string]string{"charset": named}))
	case named == "":
		named = "utf-8"
	}
	from, err := charset.Get(named)
	if err != nil {
		return body, fmt.Errorf("the charset %q is not known", shorten(named))
	}
	text, err := decode(body, from)
	if err != nil {
		return body, fmt.Errorf("the charset is %q: %w", shorten(named), err)
	}
	return text, nil
}

var errMalformed = errors.New("a byte means no character in it")

// decode returns UTF-8 without a byte order mark.
func decode(body []byte, from encoding.Encoding) ([]byte, error) {
	if from == unicode.UTF8 && !utf8.Valid(body) {
		return nil, errMalformed
	}
	text, _, err := transform.Bytes(unicode.BOMOverride(from.NewDecoder()), body)
	if err != nil {
		return nil, err
	}
	if from != unicode.UTF8 && bytes.ContainsRune(text, utf8.RuneError) {
		return nil, errMalformed
	}
	return text, nil
}

func isXML(mediaType string) bool {
	return strings.HasSuffix(mediaType, "/xml") || strings.HasSuffix(mediaType, "+xml")
}
