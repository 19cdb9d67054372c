package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

func TestMultiply(t *testing.T) {
	t.Parallel()
	key := consumerKey(0)
	template := `{"version":4,"resources":[{"type":"any","instances":[{"index_key":0,"attributes":{"key":"` + key +
		`","name":"consumer-00000","secret":"secret-of-00000","answer":"{\"key\":\"` + key + `\"}"},"private":"cHJpdmF0ZQ=="}]}]}`
	content, err := multiply([]byte(template), 3)
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Version   int
		Resources []struct {
			Instances []struct {
				IndexKey   int `json:"index_key"`
				Attributes struct{ Key, Name, Secret, Answer string }
				Private    string
			}
		}
	}
	if err := json.Unmarshal(content, &state); err != nil {
		t.Fatal(err)
	}
	instances := state.Resources[0].Instances
	if state.Version != 4 || len(instances) != 3 {
		t.Fatalf("got %s", content)
	}
	for i, instance := range instances {
		attributes := instance.Attributes
		if instance.IndexKey != i || attributes.Key != consumerKey(i) || attributes.Name != consumerName(i) ||
			attributes.Secret != storedSecret.secret(i) || attributes.Answer != `{"key":"`+consumerKey(i)+`"}` || instance.Private != "cHJpdmF0ZQ==" {
			t.Errorf("instance %d: %+v", i, instance)
		}
	}

	for _, wrong := range []string{
		"", "{}", `{"resources":[]}`, `{"resources":[{"instances":[]}]}`, strings.Replace(template, key, "else", 2),
	} {
		if got, err := multiply([]byte(wrong), 2); err == nil {
			t.Errorf("%q: got %s", wrong, got)
		}
	}
}

func TestTrafficOf(t *testing.T) {
	t.Parallel()
	const consumers = "/osmc/admin/oauthconsumers"
	got := trafficOf([]twcloudtest.Request{
		{Method: "GET", Path: "/osmc/login"},
		{Method: "GET", Path: "/osmc/logout"},
		{Method: "GET", Path: consumers},
		{Method: "GET", Path: consumers + "/k"},
		{Method: "POST", Path: consumers},
		{Method: "PATCH", Path: consumers + "/k"},
		{Method: "DELETE", Path: consumers + "/k"},
	})
	if want := (traffic{logins: 1, logouts: 1, lists: 1, registrations: 1, updates: 1, removals: 1, others: 1}); got != want || got.requests() != 5 {
		t.Errorf("got %+v, %d requests", got, got.requests())
	}
}
