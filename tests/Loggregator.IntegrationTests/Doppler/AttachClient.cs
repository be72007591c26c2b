using Grpc.Core;
using Loggregator.Protocol.Internal;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler;

/// <summary>An Attach stream, read with the generated classes.</summary>
internal sealed class AttachClient : IDisposable
{
    private readonly AsyncDuplexStreamingCall<AttachRequest, AttachFrame> _call;

    private AttachClient(AsyncDuplexStreamingCall<AttachRequest, AttachFrame> call) => _call = call;

    public Dictionary<uint, List<string>> Logs { get; } = [];

    public Dictionary<uint, ulong> Positions { get; } = [];

    public Dictionary<uint, Opened> Opened { get; } = [];

    public List<Gap> Gaps { get; } = [];

    public List<uint> Closed { get; } = [];

    public List<Ended> Ended { get; } = [];

    /// <summary>Of those that acknowledge: where each envelope stands.</summary>
    public Dictionary<uint, List<ulong>> EnvelopePositions { get; } = [];

    public DopplerHello? Hello { get; private set; }

    public HeldSources? Held { get; private set; }

    public bool Leaving { get; private set; }

    public bool ReadOut { get; private set; }

    public int LargestFrame { get; private set; }

    public static async Task<AttachClient> ConnectAsync(DopplerHost doppler)
    {
        var client = new AttachClient(new Loggregator.Protocol.Internal.Doppler.DopplerClient(doppler.Channel()).Attach(cancellationToken: DopplerHost.Patience));
        await client._call.RequestStream.WriteAsync(new AttachRequest { Hello = new AttachHello { ClientId = "test", Protocol = 1 } }, DopplerHost.Patience);
        await client.UntilAsync(() => client.Hello is not null);
        return client;
    }

    public async Task<Opened> OpenAsync(Open open)
    {
        var before = Opened.GetValueOrDefault(open.Subscription); // what it still gets belongs to this one
        await _call.RequestStream.WriteAsync(new AttachRequest { Open = open }, DopplerHost.Patience);
        await UntilAsync(() => !ReferenceEquals(Opened.GetValueOrDefault(open.Subscription), before));
        return Opened[open.Subscription];
    }

    public Task GrantAsync(uint subscription, ulong bytes) =>
        _call.RequestStream.WriteAsync(new AttachRequest { Credit = new Credit { Subscription = subscription, Bytes = bytes } }, DopplerHost.Patience);

    public async Task CloseAsync(uint subscription)
    {
        await _call.RequestStream.WriteAsync(new AttachRequest { Close = new Close { Subscription = subscription } }, DopplerHost.Patience);
        await UntilAsync(() => Closed.Contains(subscription));
    }

    public Task AckAsync(uint subscription, int envelopes, int gaps = 0, ulong? incarnation = null) => _call.RequestStream.WriteAsync(
        new AttachRequest
        {
            Ack = new Ack
            {
                Subscription = subscription,
                Incarnation = incarnation ?? Hello!.Incarnation,
                Envelopes = (ulong)envelopes,
                Gaps = (ulong)gaps,
            },
        },
        DopplerHost.Patience);

    public IReadOnlyList<string> Of(uint subscription) => Logs.TryGetValue(subscription, out var logs) ? logs : [];

    public string? Newest(uint subscription) => Of(subscription) is [.., var newest] ? newest : null;

    public async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            Assert.True(await _call.ResponseStream.MoveNext(DopplerHost.Patience), "the stream ended");
            Take(_call.ResponseStream.Current);
        }
    }

    public void Dispose() => _call.Dispose();

    private void Take(AttachFrame frame)
    {
        LargestFrame = Math.Max(LargestFrame, frame.CalculateSize());
        Hello ??= frame.Hello;
        Held = frame.Held ?? Held;
        Leaving |= frame.Leaving;
        ReadOut |= frame.ReadOut;
        Gaps.AddRange(frame.Gaps);
        foreach (var opened in frame.Opened)
        {
            Opened[opened.Subscription] = opened;
        }

        var at = 0;
        foreach (var run in frame.Runs)
        {
            for (var i = 0; i < run.Count; i++, at++)
            {
                foreach (var subscription in run.Subscriptions)
                {
                    Assert.True(Opened.ContainsKey(subscription), "an envelope came before the answer to its Open");
                    (Logs.TryGetValue(subscription, out var logs) ? logs : Logs[subscription] = [])
                        .Add(frame.Batch[at].Log?.Payload.ToStringUtf8() ?? frame.Batch[at].Counter.Name);
                }
            }

            Assert.True(run.Positions.Count is 0 || run.Positions.Count == run.Count, "a run has a position for each of its envelopes or for none");
            ulong position = 0;
            foreach (var step in run.Positions)
            {
                position += step;
                (EnvelopePositions.TryGetValue(run.Subscriptions[0], out var known) ? known : EnvelopePositions[run.Subscriptions[0]] = []).Add(position);
            }

            foreach (var subscription in run.Subscriptions)
            {
                Positions[subscription] = run.NextPosition;
            }
        }

        Assert.Equal(frame.Batch.Count, at);
        Closed.AddRange(frame.Closed);
        Ended.AddRange(frame.Ended);
    }
}
