package twcloud

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

func TestShapeHoldsNoContents(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		`null`, `"canary"`, `[]`, `["canary", 1]`, `[["canary"], {"a": "canary"}]`, `{}`, `{"key": "canary", "links": {"canary": 1}}`,
		`[{"key": "canary"}, {"key": 7, "name": "canary"}]`,
		`[{"canary@example.com": true, "the canary": {}}]`, `{"the canary": []}`,
	} {
		var value any
		if err := json.Unmarshal([]byte(document), &value); err != nil {
			t.Fatal(err)
		}
		if got := shapeOf(value); got == "" || strings.Contains(got, "canary") {
			t.Errorf("%s: got %q", document, got)
		}
	}
}

func TestSurvey(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	server.AddConsumer(emulator.Consumer{Key: "canary-key", Name: "canary-name"})
	client := connect(t, server)
	consumers, err := client.SurveyConsumers(t.Context())
	if err != nil || consumers.Status != http.StatusOK || consumers.WebPage || strings.Contains(consumers.Shape, "canary") ||
		!strings.Contains(consumers.Shape, "approved (boolean)") {
		t.Errorf("got %+v, %v", consumers, err)
	}
	user, err := client.SurveyUser(t.Context(), emulator.AdminName)
	if err != nil || !user.ConfigureServer || user.Status != http.StatusOK {
		t.Errorf("got %+v, %v", user, err)
	}
	server.Inject(emulator.Fault{Kind: emulator.WebPage})
	page, err := client.SurveyConsumers(t.Context())
	if err != nil || !page.WebPage || page.Shape != "" {
		t.Errorf("got %+v, %v", page, err)
	}
}
