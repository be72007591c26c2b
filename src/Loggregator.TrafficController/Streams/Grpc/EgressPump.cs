using Grpc.Core;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Grpc;

/// <summary>
/// Writes one stream's envelopes to a gRPC client. Whatever has come while a message was written goes into the next one, at most 1 MiB or
/// one larger envelope; an idle stream's first envelope leaves at once. Bytes are forwarded as they are, unless tags have to converge.
/// </summary>
internal sealed class EgressPump(
    OpenStream open, IServerStreamWriter<MessageBuffer> responses, bool batched, bool preferredTags, TrafficControllerCounters counters)
{
    /// <summary>Larger envelopes are dropped: readers with default settings refuse messages above 4 MiB.</summary>
    public const int MaxEnvelopeBytes = (4 * 1024 * 1024) - 16;

    private const int MaxMessageBytes = 1024 * 1024;
    private readonly EnvelopeStream _stream = open.Envelopes;
    private readonly GapForms _gaps = new(open.Envelopes.Request.Selectors);
    private readonly MessageBuffer _message = MessageBuffer.Rent(MaxMessageBytes / 16);
    private readonly MessageBuffer _made = MessageBuffer.Rent(1024);
    private List<StreamItem> _items = [];
    private long _inMessage; // envelopes in the message
    private long _handled; // deliveries of the current page that are in the message, written or dropped
    private long _told; // losses that the current envelope tells
    private int _copies; // of the current envelope that are in a message

    public async Task RunAsync(CancellationToken cancel)
    {
        await using var wake = cancel.UnsafeRegister(static stream => ((EnvelopeStream)stream!).Wake(), _stream);
        try
        {
            while (!cancel.IsCancellationRequested)
            {
                var last = open.Draining;
                _stream.Take(ref _items);
                if (_items.Count > 0)
                {
                    await WriteAsync();
                }
                else if (last)
                {
                    return;
                }
                else
                {
                    await _stream.WaitAsync();
                }
            }
        }
        finally
        {
            _stream.Discard(_inMessage);
            _message.Dispose();
            _made.Dispose();
        }
    }

    private async Task WriteAsync()
    {
        var next = 0; // first item that has not been appended
        var released = 0;
        try
        {
            for (; next < _items.Count; next++, _handled = 0)
            {
                if (_items[next].Page is { } page)
                {
                    var at = 0;
                    while (!Append(page, ref at))
                    {
                        await FlushAsync();
                    }
                }
                else if (_items[next].Kind == StreamItemKind.Gap)
                {
                    await AppendGapsAsync();
                }

                if (_inMessage == 0)
                {
                    released = Release(released, next);
                }
            }

            await FlushAsync();
        }
        finally
        {
            for (var i = next; i < _items.Count; i++, _handled = 0)
            {
                _stream.Discard((_items[i].Page?.Deliveries ?? 0) - _handled);
            }

            Release(released, _items.Count - 1);
            _items.Clear();
        }
    }

    private int Release(int from, int through)
    {
        for (; from <= through; from++)
        {
            _stream.Release(_items[from]);
        }

        return from;
    }

    /// <summary>False when the message is full: flush it, and go on from <paramref name="at"/>, a byte offset.</summary>
    private bool Append(Page page, ref int at)
    {
        var records = page.Records[at..];
        if (at == 0 && batched && page.Copies == 1 && records.Length <= MaxMessageBytes && (page.Traits & Unwanted) == 0)
        {
            if (_message.Length > 0 && _message.Length + records.Length > MaxMessageBytes)
            {
                return false;
            }

            _message.Write(records);
            _inMessage += page.Count;
            _handled += page.Count;
            return true;
        }

        var reader = new RecordReader(records);
        while (reader.MoveNext())
        {
            var envelope = Form(reader.Current, page.Copies);
            if (envelope.IsEmpty)
            {
                continue;
            }

            for (; _copies < page.Copies; _copies++)
            {
                if (_message.Length > 0 && (!batched || _message.Length + envelope.Length > MaxMessageBytes))
                {
                    at += reader.RecordOffset;
                    return false;
                }

                Put(envelope);
                _handled++;
            }

            _copies = 0;
            Interlocked.Add(ref counters.ToldLost, _told);
            _told = 0;
        }

        return true;
    }

    private PageTraits Unwanted =>
        (preferredTags ? PageTraits.DeprecatedTags : PageTraits.Tags) | (_stream.Request.Gaps ? PageTraits.GapRecords : PageTraits.None);

    // What the client gets of one envelope; empty: nothing. Counts what it does not get.
    private ReadOnlySpan<byte> Form(ReadOnlySpan<byte> envelope, int copies)
    {
        if (_stream.Request.Gaps && RawEnvelope.TryReadHeader(envelope, out var header) && GapRecord.TryRead(envelope, header, out var gap))
        {
            var told = StreamGap.Of(gap);
            if (!_gaps.AdmitsCounter(told.SourceId))
            {
                _made.Clear();
                _told = (long)told.Count;
                envelope = _gaps.TryWrite(_made, told) ? _made.Span : default;
                if (envelope.IsEmpty)
                {
                    Interlocked.Add(ref counters.Filtered, copies);
                    _handled += copies;
                    return default;
                }
            }
        }

        var form = EnvelopeForms.Converged(envelope, preferredTags);
        if (form.Length <= MaxEnvelopeBytes)
        {
            return form;
        }

        Interlocked.Add(ref counters.DroppedTooLarge, copies);
        _handled += copies;
        if (RawEnvelope.TryReadHeader(envelope, out header))
        {
            _stream.AddGap(envelope, header, LossReason.TooLarge, (ulong)copies);
        }

        return default;
    }

    private void Put(ReadOnlySpan<byte> envelope)
    {
        if (batched)
        {
            Records.Append(_message, envelope);
        }
        else
        {
            _message.Write(envelope);
        }

        _inMessage++;
    }

    private async Task AppendGapsAsync()
    {
        foreach (var gap in _stream.TakeGaps())
        {
            Interlocked.Add(ref counters.ToldLost, (long)gap.Count);
            if (_message.Length > 0 && (!batched || _message.Length > MaxMessageBytes / 2))
            {
                await FlushAsync();
            }

            _made.Clear();
            if (_gaps.TryWrite(_made, gap))
            {
                Put(EnvelopeForms.Converged(_made.Span, preferredTags));
                _inMessage--; // made here, never matched
            }
        }
    }

    private async Task FlushAsync()
    {
        if (_message.Length == 0)
        {
            return;
        }

        await responses.WriteAsync(_message);
        Interlocked.Add(ref counters.Written, _inMessage);
        Interlocked.Add(ref counters.WrittenBytes, _message.Length);
        _inMessage = 0;
        _message.Clear();
    }
}
