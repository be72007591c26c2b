using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.Attach;

/// <summary>
/// A client of a Traffic Controller's Attach that checks what every frame must hold: runs that add up, no envelope before the answer to its
/// Open, none for a closed subscription, no more than was granted. It reads while it waits.
/// </summary>
internal sealed class AttachReader : IDisposable
{
    private readonly AsyncDuplexStreamingCall<MessageBuffer, MessageBuffer> _call;
    private readonly Dictionary<uint, AttachedPart> _parts = [];

    private AttachReader(AsyncDuplexStreamingCall<MessageBuffer, MessageBuffer> call) => _call = call;

    public DopplerHello? Hello { get; private set; }

    public bool Leaving { get; private set; }

    public int LargestFrame { get; private set; }

    public int Frames { get; private set; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<AttachReader> ConnectAsync(GrpcChannel channel)
    {
        var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(RawMethods.Attach, null, new CallOptions(cancellationToken: Cancel));
        var reader = new AttachReader(call);
        try
        {
            await reader.SendAsync(new AttachRequest { Hello = new AttachHello { ClientId = "test", Protocol = 1 } });
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // The call is over already; why, is read from the answer.
        }

        await reader.UntilAsync(() => reader.Hello is not null);
        return reader;
    }

    public static Open Logs(uint id, ulong credit, params string[] sources)
    {
        var open = new Open { Subscription = id, Credit = credit, Gaps = true };
        open.Selectors.AddRange(sources.DefaultIfEmpty("").Select(source => new Selector { SourceId = source, Log = new LogSelector() }));
        return open;
    }

    public AttachedPart Of(uint subscription) => _parts.TryGetValue(subscription, out var part) ? part : _parts[subscription] = new AttachedPart();

    /// <summary>Opens or changes a subscription and waits for the answer; it grants again what it read if <paramref name="keep"/> says so.</summary>
    public async Task<AttachedPart> OpenAsync(Open open, bool keep = false)
    {
        var part = Of(open.Subscription);
        part.Keep = keep;
        part.Grant(open.Credit);
        part.Answer = null;
        part.V1 = open.V1 is not null;
        await SendAsync(new AttachRequest { Open = open });
        await UntilAsync(() => part.Answer is not null);
        return part;
    }

    public Task GrantAsync(uint subscription, ulong bytes)
    {
        Of(subscription).Grant(bytes);
        return SendAsync(new AttachRequest { Credit = new Credit { Subscription = subscription, Bytes = bytes } });
    }

    public async Task CloseAsync(uint subscription)
    {
        await SendAsync(new AttachRequest { Close = new Close { Subscription = subscription } });
        await UntilAsync(() => Of(subscription).Closed);
        _parts.Remove(subscription);
    }

    public Task SendAsync(AttachRequest request) => SendAsync(request.ToByteArray());

    public async Task SendAsync(byte[] bytes)
    {
        using var message = MessageBuffer.Rent(bytes.Length);
        message.Write(bytes);
        await _call.RequestStream.WriteAsync(message, Cancel);
    }

    public Task CompleteAsync() => _call.RequestStream.CompleteAsync();

    /// <summary>Reads frames until something holds.</summary>
    public async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            Assert.True(await NextAsync(), $"The stream ended too early: {string.Join("; ", _parts.Select(part => $"{part.Key}: {part.Value}"))}");
        }
    }

    public async Task<bool> NextAsync()
    {
        var next = _call.ResponseStream.MoveNext(Cancel);
        if (!await Deadline.ResultAsync(next, $"a frame; {string.Join("; ", _parts.Select(part => $"{part.Key}: {part.Value}"))}", Cancel))
        {
            return false;
        }

        using var frame = _call.ResponseStream.Current;
        Frames++;
        LargestFrame = Math.Max(LargestFrame, frame.Length);
        await TakeAsync(frame);
        return true;
    }

    public void Dispose() => _call.Dispose();

    private async Task TakeAsync(MessageBuffer frame)
    {
        List<uint> touched = [];
        var reader = new AttachFrameReader(frame.Span);
        TakeRest(reader.ReadRest() ?? new AttachFrame());
        while (reader.MoveNextRun())
        {
            List<uint> takers = [];
            foreach (var subscription in reader.Subscriptions)
            {
                takers.Add(subscription);
            }

            while (reader.MoveNextRecord())
            {
                foreach (var part in takers.Select(Of))
                {
                    Assert.True(part.Answer is { Error: "" }, "An envelope came before the answer to its Open.");
                    Assert.False(part.Closed, "An envelope came behind the answer to Close.");
                    Assert.True(part.Granted > part.Read, "An envelope came without credit.");
                    part.Read += reader.RecordLength;
                    part.Add(reader.Current);
                }
            }

            touched.AddRange(takers.Distinct());
        }

        Assert.False(reader.Malformed);
        foreach (var id in touched.Distinct().Where(id => Of(id).Keep))
        {
            var part = Of(id);
            var used = part.Window - (part.Granted - part.Read);
            if (used > part.Window / 4)
            {
                await GrantAsync(id, (ulong)used);
            }
        }
    }

    private void TakeRest(AttachFrame rest)
    {
        Hello ??= rest.Hello;
        Leaving |= rest.Leaving;
        foreach (var opened in rest.Opened)
        {
            Of(opened.Subscription).Answer = opened;
        }

        foreach (var gap in rest.Gaps)
        {
            Of(gap.Subscription).Gaps.Add(gap);
            Of(gap.Subscription).Tally.AddLost(gap.SourceId, gap.Hop, gap.Reason, (long)gap.Count);
        }

        foreach (var notice in rest.Notices)
        {
            Of(notice.Subscription).Notices.Add(notice);
        }

        foreach (var cursor in rest.Cursors)
        {
            Of(cursor.Subscription).Cursor = cursor.Cursor;
        }

        foreach (var closed in rest.Closed)
        {
            Of(closed).Closed = true;
        }
    }
}
