using Loggregator.Protocol.Grpc;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>
/// Writes one stream's envelopes to a WebSocket, one binary message each, and whatever else the client is to hear. Everything that has come
/// leaves in one write; while there is nothing to write, the session holds no buffer.
/// </summary>
internal sealed class WebSocketPump(
    OpenStream open, Stream socket, ClientReader client, KeepAlive keepAlive, WritePace pace, bool firehose, TimeProvider time,
    TrafficControllerCounters counters)
{
    private const int WriteBytes = 32 * 1024; // of one write, which has to succeed within the patience that a slow consumer gets
    private readonly EnvelopeStream _stream = open.Envelopes;
    private readonly GapForms _gaps = new(open.Envelopes.Request.Selectors);
    private List<StreamItem> _items = [];
    private MessageBuffer? _output;
    private long _inOutput; // envelopes
    private long _messages; // in the output
    private int _wrote; // bytes in this round

    private MessageBuffer Output => _output ??= MessageBuffer.Rent(WriteBytes / 8);

    /// <summary>Runs until the session ends; returns how, or null when the client was gone first.</summary>
    public async Task<SessionEnd?> RunAsync()
    {
        try
        {
            while (!client.Gone)
            {
                var draining = open.Draining;
                var end = Control();
                if (end is null)
                {
                    _stream.Take(ref _items);
                    end = _items.Count > 0 ? await WriteItemsAsync() : draining ? SessionEnd.Stopping : null;
                }

                if (end is not null)
                {
                    ServerFrames.WriteClose(Output, end.Status, end.Reason);
                }

                await FlushAsync();
                if (end is not null)
                {
                    return end;
                }

                Rest();
                open.WakeAt(keepAlive.Due);
                if (!draining)
                {
                    await _stream.WaitAsync();
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The client has gone, or was cut off.
        }
        finally
        {
            _stream.Discard(_inOutput);
            _output?.Dispose();
        }

        return null;
    }

    private async ValueTask<SessionEnd?> WriteItemsAsync()
    {
        int next = 0, released = 0;
        try
        {
            SessionEnd? end = null;
            while (next < _items.Count && end is null)
            {
                Append(_items[next++]);
                if (Output.Length >= WriteBytes)
                {
                    await FlushAsync();
                    released = Release(released, next);
                    end = Control();
                }
            }

            await FlushAsync();
            return end;
        }
        finally
        {
            for (var i = next; i < _items.Count; i++)
            {
                _stream.Discard(_items[i].Page?.Deliveries ?? 0);
            }

            Release(released, _items.Count);
            _items.Clear();
        }
    }

    private void Append(in StreamItem item)
    {
        if (item.Page is { } page)
        {
            var frames = page.Frames;
            Output.Write(frames.Bytes);
            _inOutput += page.Deliveries;
            _messages += frames.Messages;
            Interlocked.Add(ref counters.ToldLost, frames.Told);
        }
        else if (item.Kind == StreamItemKind.Gap)
        {
            foreach (var gap in _stream.TakeGaps())
            {
                Interlocked.Add(ref counters.ToldLost, (long)gap.Count);
                using var made = MessageBuffer.Rent(512);
                if (_gaps.TryWrite(made, gap))
                {
                    V1Frames.Write(Output, made.Span);
                }
            }
        }
    }

    // What the client's end and the clock ask for; not null: the session ends.
    private SessionEnd? Control()
    {
        var now = time.GetTimestamp();
        if (client.TakePong())
        {
            keepAlive.Pong(now);
        }

        if (client.End is { } answer)
        {
            return answer;
        }

        if (open.Slow)
        {
            return SessionEnd.Slow;
        }

        if (client.HasAnswers)
        {
            client.WriteAnswers(Output);
        }

        switch (keepAlive.Next(now))
        {
            case KeepAliveStep.Ping:
                ServerFrames.Write(Output, Opcode.Ping, default);
                return null;
            case KeepAliveStep.GiveUp:
                Interlocked.Increment(ref counters.DeadClients);
                return SessionEnd.NoPong;
            default:
                return null;
        }
    }

    private async ValueTask FlushAsync()
    {
        if (_output is not { Length: > 0 } output)
        {
            return;
        }

        for (var at = 0; at < output.Length; at += WriteBytes)
        {
            open.BeginWrite();
            await socket.WriteAsync(output.Memory.Slice(at, Math.Min(WriteBytes, output.Length - at)));
            open.EndWrite();
        }

        Interlocked.Add(ref counters.Written, _inOutput);
        Interlocked.Add(ref counters.WrittenBytes, output.Length);
        Interlocked.Add(ref firehose ? ref counters.FirehoseMessages : ref counters.AppMessages, _messages);
        _wrote += output.Length;
        _inOutput = _messages = 0;
        output.Clear();
    }

    private int Release(int from, int to)
    {
        for (; from < to; from++)
        {
            _stream.Release(_items[from]);
        }

        return from;
    }

    private void Rest()
    {
        if (_wrote > 0)
        {
            pace.Wrote(_stream, _wrote);
            _wrote = 0;
        }

        _output?.Dispose();
        _output = null;
    }
}
