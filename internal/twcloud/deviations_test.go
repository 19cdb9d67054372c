package twcloud

import (
	"errors"
	"net/http"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// A survey sends the list call of the profile, whatever it is.
func TestSurveyConsumers_dialects(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, server *twcloudtest.Server, client *Client) {
		server.AddConsumer(twcloudtest.Consumer{Name: "doors", Secret: testSecret})
		survey, err := client.SurveyConsumers(t.Context())
		if err != nil || survey.Status != http.StatusOK || survey.Shape == "" || survey.Method != client.Profile().Calls.List.Method {
			t.Errorf("got %+v, %v", survey, err)
		}
		requests := server.Requests()
		if last := requests[len(requests)-1]; last.Call != "list" {
			t.Errorf("sent %s %s, which is the call %q", last.Method, last.Path, last.Call)
		}
	})
}

// An error, and an answer that the client copes with, name the part of the profile.
func TestError_Part(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		call, method string
		body         string
		do           func(*testing.T, *Client) error
		part, found  string
	}{
		"no items":        {method: http.MethodGet, body: `{"items":[]}`, do: list, part: "calls.list.answer.items", found: "its members are items"},
		"not JSON":        {method: http.MethodGet, body: "x", do: list, part: "calls.list.answer"},
		"no name":         {method: http.MethodGet, body: `[{"key":"a","approved":true}]`, do: list, part: "calls.list.answer.name", found: "its members are approved, key"},
		"no approval":     {method: http.MethodGet, body: `[{"key":"a","name":"b"}]`, do: list, part: "calls.list.answer.approved", found: "its members are key, name"},
		"a status word":   {method: http.MethodGet, body: `[{"key":"a","name":"b","approved":"ACTIVE"}]`, do: list, part: "approved", found: `the value is "ACTIVE"`},
		"no key":          {method: http.MethodPost, body: `{"id":"a"}`, do: register, part: "calls.register.answer.key", found: "its members are id"},
		"sign-in refused": {method: http.MethodGet, body: `{}`, do: list, part: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := twcloudtest.New(t, func(c *twcloudtest.Config) { c.ValidateContract = false })
			client := connect(t, server)
			if name == "sign-in refused" {
				server.Inject(twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Status: http.StatusUnauthorized, PathSuffix: "/login", Times: -1})
			}
			server.Inject(twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Status: http.StatusOK, Method: test.method, Body: test.body, PathSuffix: "/oauthconsumers", Times: -1})
			err := test.do(t, client)
			var failure *Error
			if !errors.As(err, &failure) || failure.Part != test.part || failure.Found != test.found {
				t.Fatalf("got %+v, want %q and %q", failure, test.part, test.found)
			}
		})
	}
}

func list(t *testing.T, client *Client) error {
	t.Helper()
	_, err := client.List(t.Context())
	return err
}

func register(t *testing.T, client *Client) error {
	t.Helper()
	_, err := client.Register(t.Context(), "doors", testSecret)
	return err
}

// An answer with which the client copes is a deviation, told once.
func TestDeviations(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	client := connect(t, server)
	if got := client.Deviations(); len(got) > 0 {
		t.Errorf("got %+v before anything was sent", got)
	}
	key := server.AddConsumer(twcloudtest.Consumer{Name: "doors", Secret: testSecret}).Key
	server.Inject(twcloudtest.Fault{Kind: twcloudtest.BadJSON, Method: http.MethodPatch, Times: 2})
	for _, approved := range []bool{true, false} {
		if _, err := client.Update(t.Context(), key, Changes{Approved: &approved}); err != nil {
			t.Fatal(err)
		}
	}
	if got := client.Deviations(); len(got) != 1 || got[0].Part != "calls.update.answer" || got[0].Err == nil {
		t.Errorf("got %+v", got)
	}
	if got := client.PartFor(Changes{Approved: new(bool)}); got != "calls.update" {
		t.Errorf("got %q", got)
	}
	if _, err := client.Ask(t.Context(), key); err != nil {
		t.Error(err)
	}
}
