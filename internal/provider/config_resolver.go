package provider

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// maxConfigFile bounds the files that attributes name, in bytes.
const maxConfigFile = 1 << 20

// configSource provides the environment and the files. The zero value is for
// validation: any variable and any file may exist.
type configSource struct {
	getenv   func(name string) string
	readFile func(name string) ([]byte, error)
}

// processSource reads the environment and the files of this process.
func processSource() configSource {
	return configSource{getenv: os.Getenv, readFile: readConfigFile}
}

func readConfigFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		// To open a pipe would wait for a writer.
		return nil, errors.New("not a regular file")
	case info.Size() > maxConfigFile:
		return nil, errors.New("larger than 1 MiB")
	}
	return os.ReadFile(name) //nolint:gosec // The user names the file.
}

// value is the value of one attribute, and its origin.
type value struct {
	attribute       string
	text            string
	fromEnvironment bool
	// unknown is true if the value is known only after apply.
	unknown bool
}

// given reports whether the value is known and not empty.
func (v value) given() bool { return v.text != "" }

// missing reports whether there is no value, now or later.
func (v value) missing() bool { return v.text == "" && !v.unknown }

// isFile reports whether the value is the path of a file.
func (v value) isFile() bool { return strings.HasSuffix(v.attribute, "_file") }

// label is the name that the user set: the attribute or the variable.
func (v value) label() string {
	if v.fromEnvironment {
		return environmentVariable(v.attribute)
	}
	return v.attribute
}

// subject begins a sentence about the value or about the content of its file.
func (v value) subject() string {
	if v.isFile() {
		return fmt.Sprintf("The file %s (%s)", shorten(v.text), v.label())
	}
	return v.label()
}

// resolver finds the values of all attributes and collects all problems.
type resolver struct {
	config      providerModel
	source      configSource
	values      map[string]value
	settings    settings
	diagnostics diag.Diagnostics
}

// resolve finds the value of an attribute, checks and stores it.
func (r *resolver) resolve(attribute configAttribute) {
	v := r.find(attribute)
	r.values[attribute.name] = v
	text := v.text
	switch {
	case v.unknown:
		return
	case v.missing() && attribute.standard == "":
		return
	case v.missing():
		text = attribute.standard
	case v.isFile():
		contents, ok := r.read(v)
		if !ok {
			return
		}
		text = contents
	}
	err := attribute.store(&r.settings, text)
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range several.Unwrap() {
			r.reject(v, one.Error())
		}
		return
	}
	switch {
	case isType[strayCharacterError](err):
		r.reject(v, err.Error()+v.trimHint())
	case err != nil && strings.HasSuffix(v.attribute, "_pem") && looksLikePath(text):
		file := value{attribute: strings.TrimSuffix(v.attribute, "_pem") + "_file", fromEnvironment: v.fromEnvironment}
		r.reject(v, fmt.Sprintf("must be PEM text (-----BEGIN ...), but looks like the path of a file. Set %s to the path instead", file.label()))
	case err != nil:
		r.reject(v, err.Error())
	}
	r.settings.text += strconv.Quote(attribute.name) + strconv.Quote(text)
}

func (r *resolver) find(attribute configAttribute) value {
	v := value{attribute: attribute.name}
	v.text, v.unknown = r.config.text(attribute.name)
	if v.given() || v.unknown {
		return v
	}
	for _, other := range attribute.alternatives {
		if text, unknown := r.config.text(other); text != "" || unknown {
			return v
		}
	}
	if r.source.getenv == nil {
		v.unknown = true
		return v
	}
	v.text, v.fromEnvironment = r.source.getenv(environmentVariable(attribute.name)), true
	return v
}

// read returns the content of a file without a byte order mark.
func (r *resolver) read(v value) (contents string, ok bool) {
	if strings.Contains(v.text, "-----BEGIN") || strings.HasPrefix(strings.TrimSpace(v.text), "{") {
		r.fail(v.attribute, "Invalid "+v.label(), v.label()+" must be the path of a file, but holds the content of one.")
		return "", false
	}
	if r.source.readFile == nil {
		return "", false
	}
	text, err := r.source.readFile(v.text)
	if err == nil {
		return string(bytes.TrimPrefix(text, []byte("\ufeff"))), true
	}
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err
	}
	hint := ""
	if errors.Is(err, fs.ErrNotExist) {
		hint = ". A relative path starts at the working directory, unless it starts with ${path.module}/. To expand ~, use pathexpand(...)"
		if v.fromEnvironment {
			hint = ". A relative path starts at the working directory, and ~ is not expanded"
		}
	}
	r.reject(v, fmt.Sprintf("cannot be read: %v%s", err, hint))
	return "", false
}

// conflict reports two attributes that are both set, and returns whether they are.
func (r *resolver) conflict(first, second, fix string) bool {
	a, b := r.values[first], r.values[second]
	if !a.given() || !b.given() {
		return false
	}
	r.fail(second, fmt.Sprintf("Conflicting %s and %s", a.label(), b.label()),
		fmt.Sprintf("%s and %s are both set. %s", a.label(), b.label(), fix))
	return true
}

// incomplete reports that a value requires another one, which one of several
// attributes can provide. The hint is optional.
func (r *resolver) incomplete(what string, given value, hint string, missing ...string) {
	variables := make([]string, len(missing))
	for i, name := range missing {
		variables[i] = environmentVariable(name)
	}
	r.fail(missing[0], "Incomplete "+what, fmt.Sprintf("%s requires %s. Set it in the provider block, or set %s in the "+
		"environment.%s", given.label(), strings.Join(missing, " or "), strings.Join(variables, " or "), hint))
}

// trimHint says how to leave out the line break at the end of a file.
func (v value) trimHint() string {
	if v.fromEnvironment {
		return fmt.Sprintf(`. If it comes from a file, export %s="$(cat FILE)" leaves out the line break at the end`, v.label())
	}
	return ". If it comes from a file, use trimspace(file(...)) to remove the line break at the end"
}

// looksLikePath reports whether a value that should be PEM text is the path of a
// file.
func looksLikePath(text string) bool {
	return !strings.Contains(text, "-----") && !strings.ContainsAny(strings.TrimSpace(text), "\r\n") &&
		(strings.HasPrefix(text, "/") || strings.HasPrefix(text, "~") || strings.HasPrefix(text, ".") || filepath.Ext(strings.TrimSpace(text)) != "")
}

// reject reports that a value is invalid. The problem has no period at its end.
func (r *resolver) reject(v value, problem string) {
	r.fail(v.attribute, "Invalid "+v.label(), v.subject()+" "+problem+".")
}

// fail adds an error about a value.
func (r *resolver) fail(attribute, summary, detail string) {
	r.report(attribute, diag.NewErrorDiagnostic(summary, strings.ToValidUTF8(detail, "?")))
}

// warn adds a warning about a value that works, but is unsafe or probably
// wrong.
func (r *resolver) warn(attribute, summary, detail string) {
	r.report(attribute, diag.NewWarningDiagnostic(summary, strings.ToValidUTF8(detail, "?")))
}

// report adds a diagnostic on an attribute, but not on a secret: Terraform would print its
// line of the configuration. Terraform's protocol requires UTF-8, but an environment
// variable can contain other bytes.
func (r *resolver) report(attribute string, diagnostic diag.Diagnostic) {
	if !slices.ContainsFunc(configAttributes, func(a configAttribute) bool { return a.name == attribute && a.sensitive }) {
		diagnostic = diag.WithPath(path.Root(attribute), diagnostic)
	}
	r.diagnostics.Append(diagnostic)
}

// shorten quotes a value that is not secret for use in a sentence.
func shorten(text string) string {
	const limit = 60
	if utf8.RuneCountInString(text) > limit {
		text = string([]rune(text)[:limit]) + "…"
	}
	return strconv.Quote(text)
}
