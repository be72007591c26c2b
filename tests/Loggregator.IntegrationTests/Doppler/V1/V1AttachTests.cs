using Google.Protobuf;
using Grpc.Core;
using Loggregator.Protocol.Dropsonde;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Plumbing;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler.V1;

/// <summary>Attach subscriptions that ask for v1.</summary>
public sealed class V1AttachTests : DopplerTest
{
    private const ulong Plenty = 1UL << 40;
    private readonly Dictionary<uint, List<byte[]>> _received = [];
    private readonly Dictionary<uint, ulong> _positions = [];
    private readonly Dictionary<uint, Opened> _opened = [];
    private AsyncDuplexStreamingCall<MessageBuffer, MessageBuffer> _call = null!;
    private long _recordBytes;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _call = _doppler.Channel().CreateCallInvoker()
            .AsyncDuplexStreamingCall(RawMethods.Attach, null, new CallOptions(cancellationToken: DopplerHost.Patience));
    }

    public override async ValueTask DisposeAsync()
    {
        _call.Dispose();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task V1AndV2_OnOneStream_EachGetTheirForm()
    {
        await OpenAsync(new Open { Subscription = 1, V1 = new Filter(), Credit = Plenty });
        await OpenAsync(new Open { Subscription = 2, Selectors = { Some.Logs(), Some.Gauges() }, Credit = Plenty });
        await OpenAsync(new Open { Subscription = 3, V1 = new Filter { AppID = "a" }, Credit = Plenty });
        await _doppler.SendAsync(Some.Log("a", "1"), Some.Gauge("a", "x", "y"), Some.Log("b", "2"));
        await UntilAsync(() => Of(1).Count == 4 && Of(2).Count == 3);

        Assert.Equal(["1", "x", "y", "2"], Of(1).Select(bytes => V1Reader.NameOf(Envelope.Parser.ParseFrom(bytes))));
        Assert.Equal(["1"], Of(3).Select(bytes => V1Reader.NameOf(Envelope.Parser.ParseFrom(bytes))));
        Assert.Equal("a", Loggregator.Protocol.V2.Envelope.Parser.ParseFrom(Of(2)[0]).SourceId);
        Assert.Equal(_positions[2], _positions[1]);
    }

    [Fact]
    public async Task KeptBytes_AreSentAsTheyCame()
    {
        await OpenAsync(new Open { Subscription = 1, V1 = new Filter { AppID = "a" }, Credit = Plenty });
        using var pusher = new V1Pusher(_doppler);
        var pushed = SomeV1.Log("a", "line").ToByteArray().Concat<byte>([0xA2, 0x1F, 1, 7]).ToArray();
        await pusher.PushAsync(pushed);
        await UntilAsync(() => Of(1).Count == 1);

        Assert.Equal(pushed, Of(1)[0]);
    }

    [Fact]
    public async Task LastLinesOfAnApp_ComeInV1_AndThenWhatFollows()
    {
        await _doppler.SendAsync(Some.Log("a", "1"), Some.Log("a", "2"), Some.Counter("a", "c"), Some.Log("b", "x"), Some.Log("a", "3"));
        await OpenAsync(new Open
        {
            Subscription = 1,
            V1 = new Filter { AppID = "a", Log = new LogFilter() },
            Start = new Start { Last = 2 },
            Credit = Plenty,
        });
        await _doppler.SendAsync(Some.Log("a", "4"));
        await UntilAsync(() => Of(1).Count == 3);

        Assert.Equal(["2", "3", "4"], Of(1).Select(bytes => V1Reader.NameOf(Envelope.Parser.ParseFrom(bytes))));
    }

    [Fact]
    public async Task Credit_IsChargedByTheBytesThatAreSent()
    {
        await OpenAsync(new Open { Subscription = 1, V1 = new Filter(), Credit = 1000 });
        await OpenAsync(new Open { Subscription = 2, Selectors = { Some.Logs() }, Credit = Plenty });
        await _doppler.SendAsync([.. Enumerable.Range(0, 100).Select(_ => Some.Log("app", "a line of some length"))]);
        await UntilAsync(() => Of(2).Count == 100 && Of(1).Count > 0);
        var first = Of(1).Count;
        Assert.InRange(first, 1, 99);

        // What was charged is granted again: if the Doppler charged other bytes, the sum would run away from one side's books.
        while (Of(1).Count < 100)
        {
            var before = _recordBytes;
            _recordBytes = 0;
            await SendAsync(new AttachRequest { Credit = new Credit { Subscription = 1, Bytes = (ulong)before } });
            await UntilAsync(() => _recordBytes > 0);
            Assert.InRange(_recordBytes, Of(1).Count < 100 ? before - 200 : 1, before + 200);
        }
    }

    [Fact]
    public async Task Subscription_CannotChangeItsForm()
    {
        await OpenAsync(new Open { Subscription = 1, V1 = new Filter(), Credit = Plenty });
        await OpenAsync(new Open { Subscription = 1, Selectors = { Some.Logs() } });
        Assert.NotEmpty(_opened[1].Error);
        await OpenAsync(new Open { Subscription = 1, V1 = new Filter { AppID = "b" } });
        await _doppler.SendAsync(Some.Log("a", "1"), Some.Log("b", "2"));
        await UntilAsync(() => Of(1).Count == 1);

        Assert.Equal("2", V1Reader.NameOf(Envelope.Parser.ParseFrom(Of(1)[0])));
    }

    private List<byte[]> Of(uint subscription) => _received.TryGetValue(subscription, out var list) ? list : _received[subscription] = [];

    private async Task OpenAsync(Open open)
    {
        var before = _opened.GetValueOrDefault(open.Subscription); // what it still gets belongs to this one
        await SendAsync(new AttachRequest { Open = open });
        await UntilAsync(() => !ReferenceEquals(_opened.GetValueOrDefault(open.Subscription), before));
    }

    private async Task SendAsync(AttachRequest request)
    {
        using var message = MessageBuffer.Rent(request.CalculateSize());
        request.WriteTo(message);
        await _call.RequestStream.WriteAsync(message, DopplerHost.Patience);
    }

    private async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            Assert.True(await _call.ResponseStream.MoveNext(DopplerHost.Patience), "the stream ended");
            using var frame = _call.ResponseStream.Current;
            Take(frame);
        }
    }

    private void Take(MessageBuffer frame)
    {
        var reader = new AttachFrameReader(frame.Span);
        foreach (var opened in reader.ReadRest()?.Opened ?? [])
        {
            _opened[opened.Subscription] = opened;
        }

        while (reader.MoveNextRun())
        {
            List<uint> takers = [];
            foreach (var subscription in reader.Subscriptions)
            {
                Assert.True(_opened.ContainsKey(subscription), "an envelope came before the answer to its Open");
                takers.Add(subscription);
                _positions[subscription] = reader.NextPosition;
            }

            while (reader.MoveNextRecord())
            {
                _recordBytes += takers.Contains(1) ? reader.RecordLength : 0;
                foreach (var taker in takers)
                {
                    Of(taker).Add(reader.Current.ToArray());
                }
            }
        }

        Assert.False(reader.Malformed);
    }
}
