package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// consumerInput is what a request says about a consumer. Nil is not specified.
type consumerInput struct {
	name, secret *string
	approved     *bool
}

// key is the key of the consumer that the request is about.
func (c *call) key() (string, error) {
	value, err := c.text(profile.Key, "key")
	if err == nil && value == nil {
		err = errors.New("key is required")
	}
	if err != nil {
		return "", err
	}
	return *value, nil
}

// input reads name, secret and approval. It refuses values of the wrong type, a
// blank name, an empty secret, and a request that lacks what it must have.
// Members that it does not know are ignored.
func (c *call) input(p *profile.Profile) (input consumerInput, err error) {
	if c.err != nil {
		return input, c.err
	}
	if len(c.wrong) > 0 {
		return input, fmt.Errorf("%s is missing or wrong", c.wrong[0])
	}
	if input.name, err = c.text(profile.Name, "name"); err != nil {
		return input, err
	}
	if input.secret, err = c.text(profile.Secret, "secret"); err != nil {
		return input, err
	}
	if input.approved, err = c.approval(p); err != nil {
		return input, err
	}
	if input.name != nil && strings.TrimSpace(*input.name) == "" {
		return input, errors.New("name must not be blank")
	}
	if err := c.required(input); err != nil {
		return input, err
	}
	if input.secret != nil && *input.secret == "" {
		if c.UnchangedSecret != profile.Empty || c.name == "register" || c.name == "set_secret" {
			return input, errors.New("secret must not be empty")
		}
		input.secret = nil
	}
	return input, nil
}

func (c *call) required(input consumerInput) error {
	all := c.Unchanged == profile.Send
	secretToo := c.UnchangedSecret == profile.Send || c.UnchangedSecret == profile.Empty
	switch {
	case c.name == "register" && (input.name == nil || input.secret == nil):
		return errors.New("name and secret are required")
	case input.name == nil && c.Has(profile.Name) && (all || c.name == "rename"):
		return errors.New("name is required")
	case input.secret == nil && c.Has(profile.Secret) && (secretToo || c.name == "set_secret"):
		return errors.New("secret is required")
	case input.approved == nil && c.Has(profile.ApprovedNow) && all:
		return errors.New("approved is required")
	}
	return nil
}

// text returns the value of a placeholder, which must be the same wherever it
// occurs, or nil. Keys can be numbers.
func (c *call) text(placeholder, name string) (*string, error) {
	var found *string
	for _, value := range c.given[placeholder] {
		text, ok := value.(string)
		if number, isNumber := value.(json.Number); isNumber && placeholder == profile.Key {
			text, ok = number.String(), true
		}
		switch {
		case !ok:
			return nil, errors.New(name + " must be a string")
		case found != nil && *found != text:
			return nil, fmt.Errorf("the %ss are not the same", name)
		}
		found = &text
	}
	return found, nil
}

func (c *call) approval(p *profile.Profile) (*bool, error) {
	values := c.given[profile.ApprovedNow]
	if len(values) == 0 {
		return nil, nil //nolint:nilnil // Not specified is no error.
	}
	yes, no := p.Approved.Yes[0], p.Approved.No[0]
	if c.ApprovedAs != nil {
		yes, no = c.ApprovedAs.Yes, c.ApprovedAs.No
	}
	for _, option := range []struct {
		value    any
		approved bool
	}{{yes, true}, {no, false}} {
		if values[0] == option.value || c.Form != nil && values[0] == formText(option.value) {
			return &option.approved, nil
		}
	}
	return nil, fmt.Errorf("approved must be %v or %v", yes, no)
}

// formText is a value as a form has it.
func formText(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}
