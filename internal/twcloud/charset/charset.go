// Package charset finds the character sets of responses, pages, and XML: Unicode and those
// with one byte for each character. It leaves out the East Asian ones, whose tables are
// large, and which no known server uses.
package charset

import (
	"bytes"
	"errors"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Get returns the encoding of a name, as a Content-Type has it. As browsers do, it
// takes ISO-8859-1 and US-ASCII for Windows-1252, which has more characters.
func Get(name string) (encoding.Encoding, error) {
	switch label := normal(name); label {
	case "utf8":
		return unicode.UTF8, nil
	case "utf16", "utf16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	case "utf16be":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), nil
	case "iso88591", "latin1", "usascii", "ascii":
		return charmap.Windows1252, nil
	default:
		for _, one := range charmap.All {
			if known, ok := one.(*charmap.Charmap); ok && normal(known.String()) == label {
				return known, nil
			}
		}
	}
	return nil, errors.New("the charset is not one of Unicode and those with one byte for each character")
}

// normal is a name without case and punctuation.
func normal(name string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
}

// pageStart is how much of a page can name its character set, in bytes.
const pageStart = 1024

// OfPage returns the name of the character set of a page in HTML, as the page has it. A
// page that names none is UTF-8, or else Windows-1252.
func OfPage(page []byte) string {
	tokens := html.NewTokenizer(bytes.NewReader(page[:min(len(page), pageStart)]))
	for tokens.Next() != html.ErrorToken {
		token := tokens.Token()
		if token.DataAtom != atom.Meta {
			continue
		}
		content := ""
		for _, attribute := range token.Attr {
			switch attribute.Key {
			case "charset":
				return attribute.Val
			case "content":
				content = attribute.Val
			}
		}
		if _, parameters, err := mime.ParseMediaType(content); err == nil && parameters["charset"] != "" {
			return parameters["charset"]
		}
	}
	if utf8.Valid(page) {
		return "utf-8"
	}
	return "windows-1252"
}

var declaration = regexp.MustCompile(`^(?:\x{FEFF})?<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)`)

// OfXML returns the name of the character set of a document in XML, as its declaration
// has it. A document that names none is UTF-8.
func OfXML(document []byte) string {
	if found := declaration.FindSubmatch(document); found != nil {
		return string(found[1])
	}
	return "utf-8"
}
