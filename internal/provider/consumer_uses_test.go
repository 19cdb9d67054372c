package provider

import (
	"fmt"
	"strings"
	"testing"
)

// Resources are planned in any order, and the last one tells.
func TestConsumerUses(t *testing.T) {
	t.Parallel()
	secret := func(text string) wantedConsumer { return wantedConsumer{secret: text} }
	for name, test := range map[string]struct {
		does func(*consumerUses) []any
		want string
	}{
		"kept": {func(u *consumerUses) []any { return []any{u.keep("n", "k", false, secret("a"))} }, "false"},
		"two kept names of old": {func(u *consumerUses) []any {
			return []any{u.keep("n", "k", false, secret("a")), u.keep("n", "l", false, secret("a"))}
		}, "false false"},
		"renamed to a kept name": {func(u *consumerUses) []any {
			return []any{u.keep("n", "k", false, secret("a")), u.keep("n", "l", true, secret("a"))}
		}, "false true"},
		"kept, after a renaming": {func(u *consumerUses) []any {
			return []any{u.keep("n", "l", true, secret("a")), u.keep("n", "k", false, secret("a"))}
		}, "false true"},
		"planned twice": {func(u *consumerUses) []any {
			return []any{u.keep("n", "k", true, secret("a")), u.keep("n", "k", true, secret("a"))}
		}, "false false"},
		"replaced": {func(u *consumerUses) []any {
			shared, removed := u.register("n", secret("a"))
			return []any{shared, removed}
		}, "false "},
		"replaced, planned as kept first": {func(u *consumerUses) []any {
			kept := u.keep("n", "k", false, secret("a"))
			shared, removed := u.register("n", secret("a"))
			return []any{kept, shared, removed}
		}, "false false "},
		"registered beside a kept one": {func(u *consumerUses) []any {
			kept := u.keep("n", "k", false, secret("a"))
			shared, removed := u.register("n", secret("b"))
			return []any{kept, shared, removed}
		}, "false true "},
		"kept beside a registered one": {func(u *consumerUses) []any {
			shared, removed := u.register("n", secret("a"))
			return []any{shared, removed, u.keep("n", "k", false, secret("a"))}
		}, "false  true"},
		"registered twice": {func(u *consumerUses) []any {
			_, _ = u.register("n", secret("a"))
			shared, _ := u.register("n", secret("a"))
			return []any{shared}
		}, "true"},
		"removed and registered": {func(u *consumerUses) []any {
			told := u.remove("n", "k")
			shared, removed := u.register("n", secret("a"))
			return []any{told, shared, removed, u.of("k").managed}
		}, "false false k true"},
		"registered and removed": {func(u *consumerUses) []any {
			_, removed := u.register("n", secret("a"))
			return []any{removed, u.remove("n", "k")}
		}, " true"},
		"removed and registered in an apply": {func(u *consumerUses) []any {
			u.applying.Store(true)
			told := u.remove("n", "k")
			shared, removed := u.register("n", secret("a"))
			return []any{told, shared, removed}
		}, "false false "},
		"registered and removed in an apply": {func(u *consumerUses) []any {
			_, removed := u.register("n", secret("a"))
			u.applying.Store(true)
			return []any{removed, u.remove("n", "k")}
		}, " false"},
		"read": {func(u *consumerUses) []any {
			u.read("k")
			u.read("k")
			u.read("l")
			return []any{u.of("k").reads, u.of("l").reads, u.of("m").reads, u.of("l").managed, u.of("m").managed, u.of("k").removing}
		}, "2 1 0 true false false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, one := range test.does(&consumerUses{}) {
				got = append(got, fmt.Sprint(one))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
