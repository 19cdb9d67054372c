package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

func TestAccOAuthConsumer_import(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	byHand := w.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "doors", Secret: "unknown", Approved: true})
	config := w.config(consumer(`name = "doors"`, `approved = true`))

	w.plan(t, config+importBlock("made-by-hand")).expectNone(t)
	w.write(t, config)
	w.run(t, "import", consumerAddress, "made-by-hand").mustSucceed(t)
	w.expectState(t, byHand, 0)
	if got := w.state(t).Attributes.Secret; got != nil {
		t.Errorf("the secret %q is in state", *got)
	}
	w.expectUnchanged(t, config)

	w.apply(t, w.config(consumer(`name = "doors-next"`))).expectNone(t)
	w.expectWrites(t, "PATCH "+collection+"/made-by-hand name", "PATCH "+collection+"/made-by-hand approved")
	w.expectOnServer(t, emulator.Consumer{Key: "made-by-hand", Name: "doors-next", Secret: "unknown"})
}

func TestOAuthConsumer_importUnknownKey(t *testing.T) {
	t.Parallel()
	r := newRuns(t)
	r.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "doors"})
	for _, key := range []string{"doors", "nobody's"} {
		r.imports = map[string]string{"test": key}
		r.planFails(t, one()).expect(t, "error", "No such OAuth consumer", fmt.Sprintf("no OAuth consumer with key %q", key), "not the name")
	}
	r.expectWrites(t)
}

// A consumer may have a name that it could not get here.
func TestOAuthConsumer_importControlCharacter(t *testing.T) {
	t.Parallel()
	r := newRuns(t)
	byHand := r.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "two\nlines"})
	r.imports = map[string]string{"test": "made-by-hand"}
	r.apply(t, one(fields{"name": "two\nlines"})).expectNone(t)
	r.planFails(t, one(fields{"name": "three\nlines"})).expect(t, "error", "Control character in a name")
	r.expectOnServer(t, byHand)
}

// Without a key, nothing is asked: the path of one consumer would be that of all.
func TestOAuthConsumer_importEmptyKey(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "doors"})
	p := h.newProtocol(t)
	for _, request := range []tfprotov6.ImportResourceStateRequest{{ID: " "}, {ID: "\t"}, {Identity: p.identify(t, "")}} {
		request.TypeName = consumerType
		response, err := p.ImportResourceState(t.Context(), &request)
		if err != nil || len(response.Diagnostics) != 1 || response.Diagnostics[0].Summary != "Consumer key is empty" {
			t.Errorf("%q: %v, %+v", request.ID, err, response)
		}
	}
	h.expectRequests(t)
}

// What Terraform generates for the consumers of a server adopts them, and changes none.
func TestAccOAuthConsumer_generateConfig(t *testing.T) {
	t.Parallel()
	w := newBrownfield(t).workspace(t)
	before := w.server.Consumers()
	config := w.config()
	for i, consumer := range before {
		config += strings.Replace(importBlock(consumer.Key), consumerAddress, fmt.Sprintf("twcloud_oauth_consumer.adopted_%d", i), 1)
	}
	w.plan(t, config, "-generate-config-out=generated.tf")
	if generated := string(w.read(t, "generated.tf")); strings.Contains(generated, "not-told") || strings.Count(generated, "= null # sensitive") != 2*len(before) {
		t.Errorf("secrets are not null:\n%s", generated)
	}
	w.apply(t, config).expectNone(t)
	w.expectOnServer(t, before...)
	w.expectUnchanged(t, w.config())
}
