package har

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"
	"unicode/utf8"
)

// maxBody bounds a body that is decompressed, in bytes.
const maxBody = 32 << 20

// decompress undoes a Content-Encoding. Browsers have done so already, and keep
// the header; other tools have not. So what is text is left alone.
func decompress(content []byte, contentEncoding string) (plain []byte, problem string) {
	var reader io.Reader
	var err error
	encoding := strings.ToLower(strings.TrimSpace(contentEncoding))
	switch {
	case bytes.HasPrefix(content, []byte("\x1f\x8b")):
		reader, err = gzip.NewReader(bytes.NewReader(content))
	case encoding == "" || encoding == "identity" || len(content) == 0 || utf8.Valid(content):
		return content, ""
	case encoding == "deflate":
		if reader, err = zlib.NewReader(bytes.NewReader(content)); err != nil {
			reader, err = flate.NewReader(bytes.NewReader(content)), nil
		}
	default:
		return nil, "is still compressed, in a way that cannot be undone here: record with the developer tools of a browser"
	}
	if err != nil {
		return nil, "is damaged: it cannot be decompressed"
	}
	plain, err = io.ReadAll(io.LimitReader(reader, maxBody+1))
	switch {
	case err != nil:
		return nil, "is damaged: it cannot be decompressed"
	case len(plain) > maxBody:
		return nil, "is too large"
	}
	return plain, ""
}
