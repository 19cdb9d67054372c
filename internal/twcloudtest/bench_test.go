package twcloudtest_test

import (
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

func BenchmarkServer(b *testing.B) {
	for name, validate := range map[string]bool{"validated": true, "unchecked": false} {
		b.Run(name, func(b *testing.B) {
			s := twcloudtest.New(b, func(config *twcloudtest.Config) { config.ValidateContract = validate })
			c := signedIn(b, s, "admin-token")
			for b.Loop() {
				c.get(wire.DefaultOAuthConsumersPath)
			}
		})
	}
	b.Run("start and close", func(b *testing.B) {
		for b.Loop() {
			twcloudtest.New(b, func(config *twcloudtest.Config) { config.ValidateContract = false }).Close()
		}
	})
}
