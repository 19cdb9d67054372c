package twcloud

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

func read(key, name string) profile.Consumer {
	return profile.Consumer{Key: key, Name: &name, Approved: new(bool)}
}

// listOf is a list function that takes a second and counts.
func listOf(count *atomic.Int32, err error, keys ...string) func(context.Context) ([]profile.Consumer, error) {
	return func(ctx context.Context) ([]profile.Consumer, error) {
		count.Add(1)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		var consumers []profile.Consumer
		for _, key := range keys {
			consumers = append(consumers, read(key, "listed"))
		}
		return consumers, err
	}
}

// A list is reused until it is too old, and so is its error.
func TestSnapshotAges(t *testing.T) {
	t.Parallel()
	steps := []struct{ later, age time.Duration }{{0, snapshotAge}, {snapshotAge, snapshotAge}, {1, snapshotAge}, {registrationAge - 1, registrationAge}, {2, registrationAge}}
	lists := []int32{1, 1, 2, 2, 3} // after each step
	for name, kind := range map[string]error{"listed": nil, "failed": ErrServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var count atomic.Int32
				var failure error
				if kind != nil {
					failure = &Error{Kind: kind}
				}
				s := snapshot{list: listOf(&count, failure, "k"), now: time.Now}
				for i, step := range steps {
					time.Sleep(step.later)
					listing, err := s.get(t.Context(), step.age)
					if listing.has("gone") || !errors.Is(err, kind) || count.Load() != lists[i] {
						t.Errorf("step %d: got %v after %d lists, want %d", i, err, count.Load(), lists[i])
					}
					s.put(read("k", "n"))
				}
			})
		})
	}
}

func TestSnapshotOutlivesItsFirstCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var count, ended atomic.Int32
		list := listOf(&count, nil, "k")
		s := snapshot{now: time.Now, list: func(ctx context.Context) ([]profile.Consumer, error) {
			context.AfterFunc(ctx, func() { ended.Add(1) })
			return list(ctx)
		}}
		ctx, cancel := context.WithCancel(t.Context())
		get := func(ctx context.Context) <-chan error {
			done := async(func() error {
				_, err := s.get(ctx, snapshotAge)
				return err
			})
			synctest.Wait()
			return done
		}
		first, second := get(ctx), get(t.Context())
		cancel()
		if err := <-first; !errors.Is(err, ErrCanceled) || !errors.Is(err, context.Canceled) {
			t.Errorf("the canceled caller got %v", err)
		}
		if err := <-second; err != nil || count.Load() != 1 {
			t.Errorf("the other caller got %v", err)
		}

		// The list ends when all callers have given up. The next caller begins a new one.
		s.invalidate()
		ctx, cancel = context.WithCancel(t.Context())
		first, second = get(ctx), get(ctx)
		cancel()
		synctest.Wait()
		if ended.Load() != 2 {
			t.Error("a list goes on after all callers have given up")
		}
		third := get(t.Context())
		if err := errors.Join(<-first, <-second); !errors.Is(err, ErrCanceled) {
			t.Errorf("the canceled caller got %v", err)
		}
		if err := <-third; err != nil || count.Load() != 3 {
			t.Errorf("the next caller got %v after %d lists", err, count.Load())
		}
	})
}

// Writes of this process override a list that began before them. After an unknown
// outcome, a list in progress serves only the callers that wait for it already.
func TestSnapshotKnowsItsOwnWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int32
		s := snapshot{list: listOf(&count, nil, "changed", "removed", "kept"), now: time.Now}
		s.put(read("early", "written")) // There is nothing to keep up to date yet.
		go func() { _, _ = s.get(t.Context(), snapshotAge) }()
		synctest.Wait()
		s.put(read("new", "written"))
		s.put(read("changed", "written"))
		s.remove("removed")
		listing, err := s.get(t.Context(), snapshotAge)
		if err != nil {
			t.Fatal(err)
		}
		s.put(read("late", "listed"))
		want := map[string][]string{"listed": {"kept", "late"}, "written": {"changed", "new"}, "other": nil}
		for name, keys := range want {
			if got := keysOf(sorted(listing.named(name))); !slices.Equal(got, keys) {
				t.Errorf("%q has %q, want %q", name, got, keys)
			}
		}
		if all := listing.all(); len(all) != 4 || listing.has("removed") || listing.has("early") {
			t.Errorf("got %v", all)
		}

		s.invalidate()
		go func() { _, _ = s.get(t.Context(), snapshotAge) }()
		synctest.Wait()
		s.invalidate()
		if listing, err := s.get(t.Context(), snapshotAge); listing.has("new") || err != nil || count.Load() != 3 {
			t.Errorf("got %v after %d lists", err, count.Load())
		}
	})
}

func TestOneListServesManyGets(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	server.AddConsumer(emulator.Consumer{Key: "k", Name: "n", Approved: true})
	client := connect(t, server)
	if got, known := client.Peek("k"); known {
		t.Errorf("a peek has found %v before anything was listed", got)
	}
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if got, err := client.Get(t.Context(), "k"); err != nil || got != (Consumer{Key: "k", Name: "n", Approved: true}) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	group.Wait()
	if requests := server.Requests(); len(requests) != 2 {
		t.Errorf("sent %v", requests)
	}

	if got, known := client.Peek("k"); !known || got.Name != "n" {
		t.Errorf("a peek has found %v", got)
	}
	server.RemoveConsumer("k")
	if _, err := client.Get(t.Context(), "k"); err != nil {
		t.Errorf("the listing does not serve: %v", err)
	}
	if _, err := client.View().Get(t.Context(), "k"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a view has what another one has read: %v", err)
	}
	if server.Logins() != 1 {
		t.Errorf("%d logins", server.Logins())
	}
}
