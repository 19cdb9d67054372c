package provider

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// value is what was found for one attribute, and where.
type value struct {
	attribute       string
	text            string
	fromEnvironment bool
	unknown         bool
}

// given reports whether the value is known and not empty.
func (v value) given() bool {
	return v.text != ""
}

// open reports whether neither the attribute has a value nor will get one.
func (v value) open() bool {
	return !v.given() && !v.unknown
}

// label is the name under which whoever wrote the value knows it.
func (v value) label() string {
	if v.fromEnvironment {
		return environmentVariable(v.attribute)
	}
	return v.attribute
}

// subject begins a sentence about the value.
func (v value) subject() string {
	if v.fromEnvironment {
		return "The environment variable " + v.label()
	}
	return "The provider's attribute " + v.label()
}

// environmentVariable names the variable that stands in for an attribute.
func environmentVariable(attribute string) string {
	return "TWCLOUD_" + strings.ToUpper(attribute)
}

// resolver finds values and collects everything that is wrong with them.
type resolver struct {
	source      configSource
	unknown     []path.Path
	diagnostics diag.Diagnostics
}

// attribute takes a value from the provider block alone.
func (r *resolver) attribute(name string, config types.String) value {
	if config.IsUnknown() {
		r.unknown = append(r.unknown, path.Root(name))
		return value{attribute: name, unknown: true}
	}
	return value{attribute: name, text: config.ValueString()}
}

// environment takes a value from the environment alone.
func (r *resolver) environment(name string) value {
	return value{attribute: name, text: r.source.getenv(environmentVariable(name)), fromEnvironment: true}
}

// text takes a value from the provider block or else from the environment.
func (r *resolver) text(name string, config types.String) value {
	v := r.attribute(name, config)
	if v.open() {
		return r.environment(name)
	}
	return v
}

// boolean takes true or false from the provider block or else from the
// environment. The default is false.
func (r *resolver) boolean(name string, config types.Bool) bool {
	if config.IsUnknown() {
		r.unknown = append(r.unknown, path.Root(name))
		return false
	}
	if !config.IsNull() {
		return config.ValueBool()
	}

	v := r.environment(name)
	switch strings.ToLower(v.text) {
	case "true", "1":
		return true
	case "false", "0", "":
		return false
	}
	r.reject(v, `must be "true" or "false"; it is %s.`, shorten(v.text))
	return false
}

// number takes a whole number from the provider block or else from the
// environment.
func (r *resolver) number(name string, config types.Int64, lowest, highest, fallback int) int {
	if config.IsUnknown() {
		r.unknown = append(r.unknown, path.Root(name))
		return fallback
	}

	v := value{attribute: name, text: strconv.FormatInt(config.ValueInt64(), 10)}
	if config.IsNull() {
		v = r.environment(name)
	}
	if !v.given() {
		return fallback
	}

	number, err := strconv.Atoi(v.text)
	if err != nil || number < lowest || number > highest {
		r.reject(v, "must be a whole number from %d to %d; it is %s.", lowest, highest, shorten(v.text))
	}
	return number
}

// reject reports that a value cannot be used. The sentence goes on where
// value.subject ends. It must not contain a secret.
func (r *resolver) reject(v value, sentence string, arguments ...any) {
	r.fail(v.attribute, "Invalid "+v.attribute, v.subject()+" "+fmt.Sprintf(sentence, arguments...))
}

// fail reports an error on an attribute. Bytes that are no UTF-8, as an
// environment variable may have them, would make the diagnostic unfit for
// Terraform's protocol.
func (r *resolver) fail(attribute, summary, detail string) {
	r.diagnostics.AddAttributeError(path.Root(attribute), summary, strings.ToValidUTF8(detail, "?"))
}

// warn is fail for what works, but should not stay so.
func (r *resolver) warn(attribute, summary, detail string) {
	r.diagnostics.AddAttributeWarning(path.Root(attribute), summary, strings.ToValidUTF8(detail, "?"))
}

// shorten quotes a value that is not secret for use in a sentence.
func shorten(text string) string {
	const limit = 60
	if utf8.RuneCountInString(text) > limit {
		text = string([]rune(text)[:limit]) + "…"
	}
	return strconv.Quote(text)
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

func hasControl(text string) bool {
	return strings.ContainsFunc(text, unicode.IsControl)
}

func hasSpaceOrControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}
