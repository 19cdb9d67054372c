package provider

import (
	"context"
	"reflect"
	"runtime"
	"testing"
	"weak"
)

type contextKey struct{}

// hold calls a method of the server with an empty request and a context that holds
// something, and points at that weakly.
//
//go:noinline
func hold(s *server, method string) weak.Pointer[[1 << 20]byte] {
	logger := new([1 << 20]byte)
	ctx := context.WithValue(context.Background(), contextKey{}, logger)
	call := reflect.ValueOf(s).MethodByName(method)
	call.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.New(call.Type().In(1).Elem())})
	return weak.Make(logger)
}

// The framework keeps the context that it is given for every call. It is given the
// caller's context, and what that holds, only if logs are wanted. If this test fails
// for logs, the framework has stopped keeping contexts: see server.
func TestServer_letsGo(t *testing.T) {
	t.Parallel()
	for _, method := range []string{
		"ValidateResourceConfig", "UpgradeResourceState", "UpgradeResourceIdentity", "ReadResource", "PlanResourceChange",
		"ApplyResourceChange", "ImportResourceState", "MoveResourceState", "ValidateDataResourceConfig", "ReadDataSource",
	} {
		for _, logs := range []bool{false, true} {
			s, ok := New("test").Server().(*server)
			if !ok {
				t.Fatal("not the wrapper")
			}
			s.logs = logs
			held := hold(s, method)
			runtime.GC()
			if got := held.Value() != nil; got != logs {
				t.Errorf("%s, logs wanted: %t: the context is held: %t", method, logs, got)
			}
			runtime.KeepAlive(s)
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
