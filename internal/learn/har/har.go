// Package har reads recordings of network traffic in the HTTP Archive format
// (HAR 1.2), as the developer tools of Chromium, Firefox and Safari export them.
//
// No error of this package repeats text of a recording, which holds secrets.
package har

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"
)

// MaxSize bounds a recording, in bytes.
const MaxSize = 128 << 20

// ErrTooLarge is why a recording is not read.
var ErrTooLarge = fmt.Errorf("the recording is larger than %d MB", MaxSize>>20)

// Pair is a name and a value: of a header, a cookie or a form.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Entry is a request and its answer.
type Entry struct {
	Started         time.Time
	Method          string
	URL             *url.URL
	RequestHeaders  []Pair
	RequestCookies  []Pair
	RequestBody     Body
	Status          int // 0 if there was no answer
	ResponseHeaders []Pair
	ResponseCookies []Pair
	ResponseBody    Body
}

// Body is the body of a request or an answer.
type Body struct {
	MediaType string
	Content   []byte
	// Params is a form of which the recording has the members and not the text.
	Params []Pair
	// Problem says why there is no content, although there was a body.
	Problem string
}

// Header returns the value of a header; empty if it is absent.
func Header(headers []Pair, name string) string {
	for _, header := range headers {
		if strings.EqualFold(header.Name, name) {
			return header.Value
		}
	}
	return ""
}

// Read reads a recording to its end, in the order in which the requests were
// started. It fails if the recording is damaged, not a HAR file, larger than
// MaxSize, or has no entries.
func Read(r io.Reader) ([]Entry, error) {
	limited := &io.LimitedReader{R: r, N: MaxSize + 1}
	reader := bufio.NewReader(limited)
	if mark, err := reader.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = reader.Discard(3)
	}
	if first, err := reader.Peek(2); err == nil && (string(first) == "\x1f\x8b" || string(first) == "PK") {
		return nil, errors.New("the recording is compressed: unpack it first")
	}
	decoder := json.NewDecoder(reader)
	entries, found, err := readLog(decoder)
	switch {
	case limited.N <= 0:
		return nil, ErrTooLarge
	case err != nil:
		return nil, describe(err, decoder.InputOffset(), len(entries))
	case !found:
		return nil, errors.New("this is JSON, but not a HAR file: it has no log.entries")
	case len(entries) == 0:
		return nil, errors.New("the recording has no requests")
	}
	slices.SortStableFunc(entries, func(a, b Entry) int { return a.Started.Compare(b.Started) })
	return entries, nil
}

// describe says what is wrong with a recording without repeating any of it.
func describe(err error, offset int64, entries int) error {
	var read interface{ Timeout() bool } // An error of the file, such as *fs.PathError.
	switch {
	case errors.As(err, &read):
		return errors.New("the recording cannot be read: the file system reports an error")
	case errors.Is(err, io.EOF) && offset == 0:
		return errors.New("the recording is empty")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the recording is cut off after %d requests: export it again", entries)
	case errors.Is(err, errShape):
		return errors.New("this is JSON, but not a HAR file: it has no log.entries")
	}
	return fmt.Errorf("the recording is damaged, or not a HAR file: it is not JSON at byte %d, after %d requests", offset, entries)
}

var errShape = errors.New("not an object or an array where HAR has one")

// readLog reads entries one by one, so that only one is held as text.
func readLog(decoder *json.Decoder) (entries []Entry, found bool, err error) {
	err = object(decoder, func(name string) error {
		if name != "log" {
			return skip(decoder)
		}
		return object(decoder, func(name string) error {
			if name != "entries" {
				return skip(decoder)
			}
			found = true
			return array(decoder, func() error {
				var raw rawEntry
				// A member of an unexpected type is left out; the rest is decoded.
				var mismatch *json.UnmarshalTypeError
				if err := decoder.Decode(&raw); err != nil && !errors.As(err, &mismatch) {
					return err
				}
				if entry, usable := raw.entry(); usable {
					entries = append(entries, entry)
				}
				return nil
			})
		})
	})
	if err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = errShape
		}
	}
	return entries, found, err
}

func object(decoder *json.Decoder, member func(name string) error) error {
	if err := delimiter(decoder, '{'); err != nil {
		return err
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if err := member(name); err != nil {
			return err
		}
	}
	return delimiter(decoder, '}')
}

func array(decoder *json.Decoder, element func() error) error {
	if err := delimiter(decoder, '['); err != nil {
		return err
	}
	for decoder.More() {
		if err := element(); err != nil {
			return err
		}
	}
	return delimiter(decoder, ']')
}

func delimiter(decoder *json.Decoder, want json.Delim) error {
	token, err := decoder.Token()
	if err == nil && token != want {
		return errShape
	}
	return err
}

func skip(decoder *json.Decoder) error {
	var ignored json.RawMessage
	return decoder.Decode(&ignored)
}
