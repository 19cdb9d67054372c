package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Client talks to a control plane.
type Client struct {
	// Address is that of the control plane, e.g. "127.0.0.1:8112".
	Address string

	// HTTP sends the requests. Nil: a client that uses no proxy.
	HTTP *http.Client
}

var withoutProxy = &http.Client{Transport: &http.Transport{}}

func (c *Client) do(ctx context.Context, method, path string, body, into any) error {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+c.Address+path, content)
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", jsonType)
	}
	client := c.HTTP
	if client == nil {
		client = withoutProxy
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("unable to reach the emulator's control plane at %s (is the emulator running?): %w", c.Address, err)
	}
	defer response.Body.Close()
	decoder := json.NewDecoder(response.Body)
	if response.StatusCode >= http.StatusBadRequest {
		var refused failure
		if decoder.Decode(&refused) != nil || refused.Message == "" {
			refused.Message = response.Status
		}
		return errors.New(refused.Message)
	}
	if into == nil {
		return nil
	}
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s does not answer as the emulator's control plane does: %w", c.Address, err)
	}
	return nil
}

// consumerPath escapes dots, too: a segment of dots alone has a meaning of its
// own.
func consumerPath(key string) string {
	return "/consumers/" + strings.ReplaceAll(url.PathEscape(key), ".", "%2E")
}

// Consumers returns every consumer, with the secrets only if they are asked for.
func (c *Client) Consumers(ctx context.Context, secrets bool) ([]Consumer, error) {
	path := "/consumers"
	if secrets {
		path += "?secrets=true"
	}
	var consumers []Consumer
	err := c.do(ctx, http.MethodGet, path, nil, &consumers)
	return consumers, err
}

// Add stores a consumer. An empty key is generated.
func (c *Client) Add(ctx context.Context, consumer Consumer) (Consumer, error) {
	var added Consumer
	err := c.do(ctx, http.MethodPost, "/consumers", consumer, &added)
	return added, err
}

// Update changes a consumer.
func (c *Client) Update(ctx context.Context, key string, change Change) (Consumer, error) {
	var changed Consumer
	err := c.do(ctx, http.MethodPatch, consumerPath(key), change, &changed)
	return changed, err
}

// Remove removes a consumer.
func (c *Client) Remove(ctx context.Context, key string) error {
	return c.do(ctx, http.MethodDelete, consumerPath(key), nil, nil)
}

// Requests returns the log of the requests, in order of arrival.
func (c *Client) Requests(ctx context.Context) ([]Request, error) {
	var requests []Request
	err := c.do(ctx, http.MethodGet, "/requests", nil, &requests)
	return requests, err
}

// ResetRequests empties the log of the requests.
func (c *Client) ResetRequests(ctx context.Context) error {
	return c.do(ctx, http.MethodDelete, "/requests", nil, nil)
}

// Sessions returns the open sessions.
func (c *Client) Sessions(ctx context.Context) (Sessions, error) {
	var sessions Sessions
	err := c.do(ctx, http.MethodGet, "/sessions", nil, &sessions)
	return sessions, err
}

// ExpireSessions ends every session, as if it had been idle for too long.
func (c *Client) ExpireSessions(ctx context.Context) error {
	return c.do(ctx, http.MethodPost, "/sessions/expire", nil, nil)
}

// Faults returns the kinds of faults and how many are still to come.
func (c *Client) Faults(ctx context.Context) (Faults, error) {
	var faults Faults
	err := c.do(ctx, http.MethodGet, "/faults", nil, &faults)
	return faults, err
}

// Inject adds a fault.
func (c *Client) Inject(ctx context.Context, fault Fault) error {
	return c.do(ctx, http.MethodPost, "/faults", fault, nil)
}

// ClearFaults removes the faults that are still to come.
func (c *Client) ClearFaults(ctx context.Context) error {
	return c.do(ctx, http.MethodDelete, "/faults", nil, nil)
}
