package provider

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"
)

// recordingServer hands the context of every call to a function.
type recordingServer struct {
	tfprotov6.ProviderServerWithListResource
	called func(context.Context) error
}

func (s *recordingServer) ValidateResourceConfig(ctx context.Context, _ *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return nil, s.called(ctx)
}

func (s *recordingServer) UpgradeResourceState(ctx context.Context, _ *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return nil, s.called(ctx)
}

func (s *recordingServer) UpgradeResourceIdentity(ctx context.Context, _ *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return nil, s.called(ctx)
}

func (s *recordingServer) ReadResource(ctx context.Context, _ *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return nil, s.called(ctx)
}

func (s *recordingServer) PlanResourceChange(ctx context.Context, _ *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return nil, s.called(ctx)
}

func (s *recordingServer) ApplyResourceChange(ctx context.Context, _ *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return nil, s.called(ctx)
}

func (s *recordingServer) ImportResourceState(ctx context.Context, _ *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return nil, s.called(ctx)
}

func (s *recordingServer) MoveResourceState(ctx context.Context, _ *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	return nil, s.called(ctx)
}

func (s *recordingServer) GenerateResourceConfig(ctx context.Context, _ *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	return nil, s.called(ctx)
}

func (s *recordingServer) ValidateDataResourceConfig(ctx context.Context, _ *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return nil, s.called(ctx)
}

func (s *recordingServer) ReadDataSource(ctx context.Context, _ *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return nil, s.called(ctx)
}

func (s *recordingServer) ListResource(ctx context.Context, _ *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	return nil, s.called(ctx)
}

// calls are those that come once for each resource or data source.
var calls = map[string]func(context.Context, tfprotov6.ProviderServer) error{
	"ValidateResourceConfig": func(ctx context.Context, s tfprotov6.ProviderServer) error {
		_, err := s.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{})
		return err
	},
	"UpgradeResourceState": func(ctx context.Context, s tfprotov6.ProviderServer) error {
		_, err := s.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{})
		return err
	},
	"UpgradeResourceIdentity": func(ctx context.Context, s tfprotov6.ProviderServer) error {
		_, err := s.UpgradeResourceIdentity(ctx, &tfprotov6.UpgradeResourceIdentityRequest{})
		return err
	},
	"ReadResource": func(ctx context.Context, s tfprotov6.ProviderServer) error {
		_, err := s.ReadResource(ctx, &tfprotov6.ReadResourceRequest{})
		return err
	},
	"PlanResourceChange": func(ctx context.Context, s tfprotov6.ProviderServer) error {
		_, err := s.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{})
		return err
	},
	"ApplyResourceChange": func(ctx context.Context, s tfprotov6.ProviderServer) error {
		_, err := s.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{})
		return err
	},
	"ImportResourceState": func(ctx context.Context, s tfprotov6.ProviderServer) error {
		_, err := s.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{})
		return err
	},
	"MoveResourceState": func(ctx context.Context, s tfprotov6.ProviderServer) error {
		_, err := s.MoveResourceState(ctx, &tfprotov6.MoveResourceStateRequest{})
		return err
	},
	"GenerateResourceConfig": func(ctx context.Context, s tfprotov6.ProviderServer) error {
		_, err := s.GenerateResourceConfig(ctx, &tfprotov6.GenerateResourceConfigRequest{})
		return err
	},
	"ValidateDataResourceConfig": func(ctx context.Context, s tfprotov6.ProviderServer) error {
		_, err := s.ValidateDataResourceConfig(ctx, &tfprotov6.ValidateDataResourceConfigRequest{})
		return err
	},
	"ReadDataSource": func(ctx context.Context, s tfprotov6.ProviderServer) error {
		_, err := s.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{})
		return err
	},
}

type contextKey struct{}

func TestServer_context(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, logs := range []bool{false, true} {
				outer := context.WithValue(t.Context(), contextKey{}, "a logger")
				inner := make(chan context.Context, 1)
				failed := errors.New("failed")
				s := &server{logs: logs, ProviderServerWithListResource: &recordingServer{called: func(ctx context.Context) error {
					inner <- ctx
					if err := ctx.Err(); err != nil {
						t.Errorf("the call begins with a context that has ended: %v", err)
					}
					return failed
				}}}
				if err := call(outer, s); !errors.Is(err, failed) {
					t.Fatalf("the call returned %v", err)
				}
				given := <-inner
				if got := given.Value(contextKey{}) != nil; got != logs {
					t.Errorf("logs wanted: %t, but values in the context: %t", logs, got)
				}
				if !logs && given.Err() == nil {
					t.Error("the context outlives the call")
				}
			}
		})
	}
}

func TestServer_cancelled(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, logs := range []bool{false, true} {
				outer, cancel := context.WithCancel(t.Context())
				s := &server{logs: logs, ProviderServerWithListResource: &recordingServer{called: func(ctx context.Context) error {
					cancel()
					// The test hangs here if the cancellation does not pass through.
					<-ctx.Done()
					return ctx.Err()
				}}}
				if err := call(outer, s); !errors.Is(err, context.Canceled) {
					t.Errorf("logs wanted: %t: the call returned %v", logs, err)
				}
			}
		})
	}
}

// A list is read after its call has returned, so its context must live on.
func TestServer_listContext(t *testing.T) {
	t.Parallel()
	outer, cancel := context.WithCancel(t.Context())
	inner := make(chan context.Context, 1)
	s := &server{ProviderServerWithListResource: &recordingServer{called: func(ctx context.Context) error {
		inner <- ctx
		return nil
	}}}
	if _, err := s.ListResource(outer, &tfprotov6.ListResourceRequest{}); err != nil {
		t.Fatal(err)
	}
	given := <-inner
	if given.Err() != nil {
		t.Error("the context ended with the call")
	}
	cancel()
	if given.Err() == nil {
		t.Error("the context outlives the caller's")
	}
}

// What a call's context holds can go when the call has returned, although the
// framework keeps the context that it was given.
func TestServer_letsGo(t *testing.T) {
	t.Parallel()
	s := New("test").Server()
	held := hold(t, s)
	runtime.GC()
	if held.Value() != nil {
		t.Error("what the context held is still held")
	}
	runtime.KeepAlive(s)
}

// hold makes a call whose context holds something, and points at it weakly.
//
//go:noinline
func hold(t *testing.T, s tfprotov6.ProviderServer) weak.Pointer[[1 << 20]byte] {
	t.Helper()
	logger := new([1 << 20]byte)
	ctx := context.WithValue(context.Background(), contextKey{}, logger)
	_, err := s.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{
		TypeName: oauthConsumerType, RawState: &tfprotov6.RawState{JSON: []byte(`{"key":"k"}`)},
	})
	if err != nil {
		t.Error(err)
	}
	return weak.Make(logger)
}

func TestServer_logs(t *testing.T) {
	t.Parallel()
	for _, logs := range []bool{false, true} {
		wrapped, ok := New("test").Server().(*server)
		if !ok {
			t.Fatal("not the wrapper")
		}
		wrapped.logs = logs
		var log bytes.Buffer
		_, err := wrapped.UpgradeResourceState(tfsdklogtest.RootLogger(t.Context(), &log), &tfprotov6.UpgradeResourceStateRequest{
			TypeName: oauthConsumerType, RawState: &tfprotov6.RawState{JSON: []byte(`{"key":"k"}`)},
		})
		if err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(log.String(), "sdk.framework"); told != logs {
			t.Errorf("logs wanted: %t, logs written: %t\n%s", logs, told, log.String())
		}
	}
}

func TestLogsWanted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		environment []string
		want        bool
	}{
		"nothing":       {},
		"all":           {environment: []string{"TF_LOG=TRACE"}, want: true},
		"providers":     {environment: []string{"HOME=/root", "TF_LOG_PROVIDER=debug"}, want: true},
		"one provider":  {environment: []string{"TF_LOG_PROVIDER_TWCLOUD=info"}, want: true},
		"the framework": {environment: []string{"TF_LOG_SDK_FRAMEWORK=TRACE"}, want: true},
		"empty":         {environment: []string{"TF_LOG=", "TF_LOG_PROVIDER="}},
		"other":         {environment: []string{"TF_ACC=1", "MY_TF_LOG=TRACE"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := logsWanted(test.environment); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
