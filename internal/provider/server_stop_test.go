package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// What ends a call to a server that never answers.
func TestServer_stop(t *testing.T) {
	t.Parallel()
	tests := map[string]func(context.CancelFunc, *protocol) error{
		"the caller gives up": func(cancel context.CancelFunc, _ *protocol) error {
			cancel()
			return nil
		},
		"the provider is stopped": func(_ context.CancelFunc, p *protocol) error {
			_, err := p.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{})
			return err
		},
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			p := h.newProtocol(t)
			h.server.Inject(emulator.Fault{Kind: emulator.Hang, Method: http.MethodGet, PathSuffix: collection})
			arrived := make(chan struct{}, 1)
			h.server.SetOnRequest(func(request emulator.Request) {
				if request.Path == "/osmc"+collection {
					arrived <- struct{}{}
				}
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			state := p.encode(t, fields{"key": "k1", "name": "doors", "approved": true, "secret_revision": 1})
			var response *tfprotov6.ReadResourceResponse
			var err error
			var reading sync.WaitGroup
			reading.Go(func() {
				response, err = p.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: consumerType, CurrentState: state})
			})
			<-arrived
			if err := end(cancel, p); err != nil {
				t.Error(err)
			}
			reading.Wait()
			if err != nil {
				t.Fatal(err)
			}
			if len(response.Diagnostics) != 1 || response.Diagnostics[0].Summary != "Unable to read OAuth consumer" {
				t.Errorf("diagnostics: %+v", response.Diagnostics)
			}
		})
	}
}

// Terraform reads and plans many resources at a time. The race detector judges.
func TestServer_concurrent(t *testing.T) {
	t.Parallel()
	h := newBrownfield(t)
	p := h.newProtocol(t)
	for i := range 40 {
		h.server.AddConsumer(emulator.Consumer{Key: fmt.Sprint(i), Name: "doors-" + fmt.Sprint(i)})
	}
	// In debug mode one process serves one run after the other.
	for range 3 {
		p.configure(t, h)
		var running sync.WaitGroup
		for i := range 40 {
			key, name := fmt.Sprint(i), "doors-"+fmt.Sprint(i)
			values := fields{"key": key, "name": name, "approved": i%2 == 0, "secret_revision": 1}
			state := &resourceState{values: values, identity: p.identify(t, key)}
			request := p.planRequest(t, state, fields{"name": name, "approved": true})
			running.Go(func() {
				read, err := p.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
					TypeName: consumerType, CurrentState: request.PriorState, CurrentIdentity: state.identity,
				})
				if err != nil || len(read.Diagnostics) > 0 {
					t.Errorf("read: %v %+v", err, read)
				}
				planned, err := p.PlanResourceChange(t.Context(), request)
				if err != nil || len(planned.Diagnostics) > 0 {
					t.Errorf("plan: %v %+v", err, planned)
				}
			})
		}
		running.Wait()
	}
	if lists := h.counts()["GET "+collection]; lists != 3 {
		t.Errorf("%d lists, want one for each run", lists)
	}
}
