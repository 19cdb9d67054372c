package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"reflect"
	"slices"
	"strings"
)

// encodeJSON writes a JSON value as a browser does, without the escapes that HTML
// needs.
func encodeJSON(value any) ([]byte, error) {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(encoded.Bytes(), []byte("\n")), err
}

// DecodeJSON reads one JSON value. Numbers keep their notation.
func DecodeJSON(content []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it is empty")
		}
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more text after the end of the JSON")
	}
	return value, nil
}

// equal compares a literal with a value, by type and value: 1 and 1.0 are one number.
func equal(literal, value any) bool {
	a, isNumber := literal.(json.Number)
	b, isOther := value.(json.Number)
	if isNumber && isOther {
		return a == b || equalNumbers(a.String(), b.String())
	}
	return reflect.DeepEqual(literal, value)
}

// equalNumbers compares without loss. A number with an exponent of many digits would
// take much time and memory, and equals its own notation alone.
func equalNumbers(a, b string) bool {
	var values [2]*big.Rat
	for i, text := range []string{a, b} {
		_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
		if len(exponent) > 4 {
			return false
		}
		values[i], _ = new(big.Rat).SetString(text)
	}
	return values[0] != nil && values[1] != nil && values[0].Cmp(values[1]) == 0
}

func contains(literals []any, value any) bool {
	return slices.ContainsFunc(literals, func(one any) bool { return equal(one, value) })
}

// TypeOf is the type of a JSON value, as JSON Schema names it.
func TypeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64, json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}
