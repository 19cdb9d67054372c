package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
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
	if isNumber && isOther && a != b {
		x, wrong := a.Float64()
		y, alsoWrong := b.Float64()
		return wrong == nil && alsoWrong == nil && x == y
	}
	return reflect.DeepEqual(literal, value)
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
