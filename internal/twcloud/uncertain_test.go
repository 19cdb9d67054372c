package twcloud

import (
	"net/http"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

func TestUncertain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		login  bool
		faults []twcloudtest.FaultKind
		want   bool
	}{
		"refused":                              {faults: []twcloudtest.FaultKind{twcloudtest.Forbidden403}},
		"refused after the answer was lost":    {faults: []twcloudtest.FaultKind{twcloudtest.DropAfter, twcloudtest.Forbidden403}, want: true},
		"refused after the gateway has failed": {faults: []twcloudtest.FaultKind{twcloudtest.Status502After, twcloudtest.Forbidden403}, want: true},
		"refused after it was refused":         {faults: []twcloudtest.FaultKind{twcloudtest.TooManyRequests, twcloudtest.Forbidden403}},
		"failed":                               {faults: []twcloudtest.FaultKind{twcloudtest.InternalError500}, want: true},
		"a web page":                           {faults: []twcloudtest.FaultKind{twcloudtest.WebPage}, want: true},
		"no session":                           {faults: []twcloudtest.FaultKind{twcloudtest.InternalError500}, login: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := twcloudtest.New(t)
			consumer := server.AddConsumer(twcloudtest.Consumer{Name: "doors"})
			for _, kind := range test.faults {
				befalls := twcloudtest.Fault{Kind: kind, Method: http.MethodPatch}
				if test.login {
					befalls = twcloudtest.Fault{Kind: kind, PathSuffix: "/login"}
				}
				server.Inject(befalls)
			}
			_, err := connect(t, server).Update(t.Context(), consumer.Key, Changes{Approved: pointer(true)})
			if err == nil || Uncertain(err) != test.want {
				t.Errorf("uncertain is %t of %v", Uncertain(err), err)
			}
		})
	}
}
