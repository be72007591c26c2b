using Loggregator.Client.Connect;
using Loggregator.Client.Consume;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Loggregator.TrafficController;
using Loggregator.TrafficController.Upstream;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.TrafficController;

/// <summary>Streams that share one subscription at a Doppler: whoever stands holds nobody else.</summary>
public sealed class SharedLineTests : IAsyncDisposable
{
    private const int Window = 4096;
    private static readonly DopplerIdentity Doppler = new("doppler", 7);
    private readonly FakeTimeProvider _time = new();
    private readonly TrafficControllerCounters _counters = new();
    private readonly PeerConnector _connector = new();
    private readonly DopplerSet _set;
    private readonly DopplerNode _node;
    private readonly StreamRequest _request = new() { Selectors = [new Selector { Event = new EventSelector() }], Window = Window };
    private ulong _position;

    public SharedLineTests()
    {
        _set = new DopplerSet(Options.Create(new TrafficControllerOptions()), _connector, _counters, _time, NullLoggerFactory.Instance);
        _node = new DopplerNode("127.0.0.1:1", _connector, _set, _counters, _time, NullLogger.Instance);
        Assert.True(_node.OnHello(_node.Attachment, Doppler));
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _node.DisposeAsync();
        await _set.DisposeAsync();
    }

    [Fact]
    public void Window_IsThatOfTheFastest()
    {
        var (slow, fast) = (Join(), Join());
        Run(slow.Line!, Window / 2);
        Assert.Equal(Window / 2, Credit(slow.Line!));
        Read(fast);
        Assert.Equal(Window, Credit(slow.Line!));
        _node.Leave(fast);
        Assert.Equal(Window / 2, Credit(slow.Line!)); // now the other is the fastest
        Read(slow);
        Assert.Equal(Window, Credit(slow.Line!));
    }

    [Fact]
    public void StreamThatStands_IsLeftBehindByTheOthers()
    {
        var (slow, fast) = (Join(), Join());
        for (var i = 0; i < 8; i++)
        {
            Run(fast.Line!, Window / 4);
            Read(fast);
        }

        Assert.NotSame(slow.Line, fast.Line);
        Assert.Equal(Window, Credit(fast.Line!));
        Assert.InRange(slow.Pending, Window, Window + (Window / 4));
        Assert.Equal(0, Credit(slow.Line!));
        Read(slow);
        Assert.Equal(Window, Credit(slow.Line!));
    }

    [Fact]
    public void StreamThatComesToOneThatStands_BringsItsOwnWindow()
    {
        var (slow, fast) = (Join(), Join());
        var shared = slow.Line!;
        Run(shared, Window); // neither has read: one of them has to leave
        Assert.Same(shared, slow.Line);
        Assert.NotSame(shared, fast.Line);

        Read(fast);
        _node.OnFrameEnd(_node.Attachment); // it stands where the other stands
        Assert.Same(shared, fast.Line);
        Assert.Equal(Window, Credit(shared));
        Run(shared, Window / 4);
        Assert.NotSame(shared, slow.Line);
        Assert.Same(shared, fast.Line);
    }

    [Fact]
    public void NewStream_DoesNotJoinOneThatStands_UntilThatHasCaughtUp()
    {
        var slow = Join();
        var former = slow.Line!;
        Run(former, Window);
        var late = Join();
        Assert.NotSame(former, late.Line);
        Assert.Same(late.Line, Join().Line);

        _node.OnFrameEnd(_node.Attachment);
        Assert.Same(former, slow.Line); // it has not read yet
        Read(slow);
        _node.OnFrameEnd(_node.Attachment);
        Assert.Same(late.Line, slow.Line);
        Assert.Equal(1, _node.LineCount);
    }

    // A stream's place here; its subscription has been opened where the Doppler is now.
    private Membership Join()
    {
        var member = _node.Join(new EnvelopeStream(_request, _set, _counters, 0, null, _time), StreamStart.Now);
        if (!member.Line!.Subscription!.Positioned)
        {
            member.Line.Subscription.Opened(new Opened { FirstPosition = _position, LivePosition = _position }, Doppler);
        }

        return member;
    }

    // One envelope of so many bytes.
    private void Run(Line line, int bytes)
    {
        using var frame = MessageBuffer.Rent(bytes);
        Records.Append(frame, new byte[bytes - Records.HeaderLength(bytes)]);
        line.Subscription!.Run(new DopplerRun(frame, 0, bytes, 1, 1), ++_position);
    }

    private static void Read(Membership member)
    {
        List<StreamItem> items = [];
        member.Stream.Take(ref items);
        items.ForEach(item => member.Stream.Release(item));
        Assert.Equal(0, member.Pending);
    }

    // What the subscription would ask for if it were opened again.
    private static long Credit(Line line) => (long)line.Subscription!.Open(Doppler).Open.Credit;
}
