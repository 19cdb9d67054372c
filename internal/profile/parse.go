package profile

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// MaxSize limits a profile, in bytes. The built-in one has two thousand.
const MaxSize = 1 << 20

// Schema is the JSON Schema of a profile, for editors.
//
//go:embed schema.json
var Schema []byte

// Problem is a mistake in a profile.
type Problem struct {
	// Line is where the mistake is, from 1. Zero: no line has it.
	Line int
	// Pointer is the member with the mistake, as a JSON pointer.
	Pointer string
	Message string
}

// String returns the place and the message.
func (p Problem) String() string {
	var place []string
	if p.Line > 0 {
		place = append(place, fmt.Sprintf("line %d", p.Line))
	}
	if p.Pointer != "" {
		place = append(place, p.Pointer)
	}
	if len(place) == 0 {
		return p.Message
	}
	return strings.Join(place, ", ") + ": " + p.Message
}

// Parse reads a profile. It returns all mistakes, in the order of the lines, or a
// profile that is complete and consistent.
func Parse(content []byte) (*Profile, []Problem) {
	document, problem := read(content)
	if problem != nil {
		return nil, []Problem{*problem}
	}
	if recording, ok := document.(map[string]any); ok && recording["log"] != nil {
		return nil, []Problem{{Message: "a recording of a browser (HAR): derive a profile from it with terraform-provider-twcloud learn"}}
	}
	lines, duplicates := locate(content)
	problems := slices.Concat(duplicates, structure(document))
	var parsed Profile
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	// A value of a wrong type is among the problems already, and the others are
	// decoded. The schema also accepts 2e2 as an integer, which Go does not.
	if err := decoder.Decode(&parsed); err != nil && len(problems) == 0 {
		problems = append(problems, Problem{Message: err.Error()})
	}
	for name, call := range parsed.Calls.All() {
		call.Name = name
	}
	malformed := problems
	for _, problem := range parsed.check() {
		if !slices.ContainsFunc(malformed, func(known Problem) bool { return within(problem.Pointer, known.Pointer) }) {
			problems = append(problems, problem)
		}
	}
	if len(problems) > 0 {
		for i := range problems {
			problems[i].Line = lineOf(lines, problems[i].Pointer)
		}
		slices.SortStableFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, problems
	}
	return &parsed, nil
}

// within reports whether a place is another one or inside of it.
func within(pointer, outer string) bool {
	return outer != "" && (pointer == outer || strings.HasPrefix(pointer, outer+"/"))
}

// read decodes a document, or returns why it can't be read.
func read(content []byte) (document any, problem *Problem) {
	switch {
	case len(content) > MaxSize:
		return nil, &Problem{Message: fmt.Sprintf("larger than %d bytes: this is not a profile", MaxSize)}
	case len(bytes.TrimSpace(content)) == 0:
		return nil, &Problem{Message: "the file is empty"}
	case !utf8.Valid(content):
		return nil, &Problem{Message: "not UTF-8 text"}
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var syntax *json.SyntaxError
	switch err := decoder.Decode(&document); {
	case errors.As(err, &syntax):
		return nil, &Problem{Line: lineAt(content, syntax.Offset), Message: "not JSON: " + syntax.Error()}
	case err != nil:
		return nil, &Problem{Line: lineAt(content, int64(len(content))), Message: "not JSON: the file ends too early"}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, &Problem{Line: lineAt(content, decoder.InputOffset()), Message: "more text after the end of the profile"}
	}
	return document, nil
}

var compiled = sync.OnceValue(func() *jsonschema.Schema {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		panic(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("profile.json", document); err != nil {
		panic(err)
	}
	return compiler.MustCompile("profile.json")
})

// structure compares a document with the schema.
func structure(document any) []Problem {
	var failure *jsonschema.ValidationError
	if err := compiled().Validate(document); !errors.As(err, &failure) {
		return nil
	}
	return leaves(failure)
}

// leaves are the mistakes at the ends of a tree of errors.
func leaves(failure *jsonschema.ValidationError) []Problem {
	var problems []Problem
	for _, cause := range failure.Causes {
		problems = append(problems, leaves(cause)...)
	}
	if len(problems) > 0 {
		return problems
	}
	place := ""
	for _, token := range failure.InstanceLocation {
		place += "/" + escapeToken(token)
	}
	switch reason := failure.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, name := range reason.Properties {
			problems = append(problems, Problem{Pointer: place + "/" + escapeToken(name), Message: "no such member in a profile: check its spelling"})
		}
		return problems
	case *kind.Required:
		return []Problem{{Pointer: place, Message: "missing: " + strings.Join(reason.Missing, ", ")}}
	case *kind.Not:
		return []Problem{{Pointer: place, Message: "json and form exclude each other"}}
	case *kind.Pattern:
		return []Problem{{Pointer: place, Message: patternMessage(place, reason.Got)}}
	}
	return []Problem{{Pointer: place, Message: failure.ErrorKind.LocalizedString(printer)}}
}

var printer = message.NewPrinter(language.English)

func patternMessage(place, got string) string {
	if strings.HasSuffix(place, "/path") {
		return fmt.Sprintf("%q is not a path: it begins with /, and has no host, no query, no fragment and no white space", got)
	}
	return fmt.Sprintf("%q is not a JSON pointer (RFC 6901), such as /data/key", got)
}
