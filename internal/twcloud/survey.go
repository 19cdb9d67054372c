package twcloud

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// Survey describes a response without its values, to compare a server with the
// API profile.
type Survey struct {
	Method      string
	Path        string
	Status      int
	ContentType string
	// Shape describes a JSON body by its fields and their types. It is empty if
	// the body is not JSON.
	Shape string
	// WebPage is true if the body is HTML.
	WebPage bool
	// ConfigureServer is true if the body mentions the Configure Server
	// permission in any spelling.
	ConfigureServer bool
}

// SurveyConsumers reads the first page of the list of consumers. It changes
// nothing.
func (c *Client) SurveyConsumers(ctx context.Context) (Survey, error) {
	call := c.profile.Calls.List
	if err := supported("list", call); err != nil {
		return Survey{}, err
	}
	r, err := c.send(ctx, call, profile.Values{Page: call.FirstPage().Query})
	if err != nil {
		return Survey{}, err
	}
	return surveyOf(call.Method, call.Path, r.Response), nil
}

// SurveyUser reads a user with the permissions. It changes nothing.
func (c *Client) SurveyUser(ctx context.Context, username string) (Survey, error) {
	path := wire.UsersPath + "/" + url.PathEscape(username)
	response, err := c.get(ctx, path, wire.CurrentUserQuery)
	if err != nil {
		return Survey{}, err
	}
	return surveyOf(http.MethodGet, path, response), nil
}

func surveyOf(method, path string, response *http.Response) Survey {
	content := signin.Body(response)
	survey := Survey{
		Method:          method,
		Path:            path,
		Status:          response.StatusCode,
		ContentType:     shorten(response.Header.Get("Content-Type")),
		WebPage:         signin.IsPage(response),
		ConfigureServer: configureServer.Match(content),
	}
	var body any
	if json.Unmarshal(content, &body) == nil {
		survey.Shape = shapeOf(body)
	}
	return survey
}

var configureServer = regexp.MustCompile(`(?i)configure[ _-]?server`)

// shapeOf describes a JSON value without its contents. It describes all
// elements of an array together.
func shapeOf(value any) string {
	switch value := value.(type) {
	case []any:
		fields := map[string]map[string]bool{}
		others := map[string]bool{}
		for _, element := range value {
			object, ok := element.(map[string]any)
			if !ok {
				others[shapeOf(element)] = true
				continue
			}
			names, other := fieldNames(object)
			if other > 0 {
				others["other fields"] = true
			}
			for _, name := range names {
				field := object[name]
				if fields[name] == nil {
					fields[name] = map[string]bool{}
				}
				fields[name][profile.TypeOf(field)] = true
			}
		}
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			parts = append(parts, fmt.Sprintf("%s (%s)", name, strings.Join(slices.Sorted(maps.Keys(fields[name])), " or ")))
		}
		parts = append(parts, slices.Sorted(maps.Keys(others))...)
		if len(parts) == 0 {
			return "an empty array"
		}
		return fmt.Sprintf("an array of %d: %s", len(value), strings.Join(parts, ", "))
	case map[string]any:
		// Member names can be names of consumers or users, except those of lists.
		var parts []string
		names, _ := fieldNames(value)
		for _, name := range names {
			if _, isArray := value[name].([]any); isArray {
				parts = append(parts, name+" (array)")
			}
		}
		if others := len(value) - len(parts); others > 0 || len(parts) == 0 {
			parts = append(parts, fmt.Sprintf("other fields: %d", others))
		}
		return "an object with " + strings.Join(parts, ", ")
	}
	return profile.TypeOf(value)
}

// fieldName matches the names that a program gives to fields. Other names of
// members may be those of consumers or users.
var fieldName = regexp.MustCompile(`^[@$_]?[A-Za-z][0-9A-Za-z_:-]{0,40}$`)

// fieldNames returns the names of an object's members that may be shown, sorted,
// and how many others there are.
func fieldNames(object map[string]any) (names []string, others int) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if fieldName.MatchString(name) {
			names = append(names, name)
		} else {
			others++
		}
	}
	return names, others
}
