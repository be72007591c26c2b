using Grpc.Core;
using Loggregator.Doppler.Plumbing;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V1;

namespace Loggregator.IntegrationTests.TrafficController;

/// <summary>One Attach call at the fake Doppler: each subscription is served from the list, alone in its frames, as far as its credit goes.</summary>
internal sealed class FakeAttach(FakeDoppler doppler, Action abort)
{
    private const int FrameBytes = 64 * 1024;
    private readonly Lock _sync = new();
    private readonly Dictionary<uint, Reader> _readers = [];
    private readonly Queue<AttachFrame> _rest = new();
    private readonly AsyncSignal _signal = new();

    public int Count
    {
        get
        {
            lock (_sync)
            {
                return _readers.Count;
            }
        }
    }

    public void Wake() => _signal.Set();

    public void Abort()
    {
        try
        {
            abort();
        }
        catch (ObjectDisposedException)
        {
            // The call has just ended by itself.
        }
    }

    public void SendRest(AttachFrame rest)
    {
        lock (_sync)
        {
            _rest.Enqueue(rest);
        }

        _signal.Set();
    }

    public void TellGap(string source, ulong count)
    {
        lock (_sync)
        {
            var rest = new AttachFrame();
            foreach (var id in _readers.Keys)
            {
                rest.Gaps.Add(new Gap
                {
                    Subscription = id,
                    SourceId = source,
                    InstanceId = "0",
                    Count = count,
                    Hop = "doppler",
                    Reason = "evicted",
                    FirstTimestamp = 1_000,
                    LastTimestamp = 2_000,
                });
            }

            _rest.Enqueue(rest);
        }

        _signal.Set();
    }

    public async Task RunAsync(IAsyncStreamReader<MessageBuffer> requests, IServerStreamWriter<MessageBuffer> frames, CancellationToken cancel)
    {
        await using var wake = cancel.Register(_signal.Set);
        SendRest(new AttachFrame { Hello = new DopplerHello { DopplerId = doppler.Id, Incarnation = doppler.Incarnation, Protocol = 1 } });
        var reading = ReadAsync(requests, cancel);
        while (!cancel.IsCancellationRequested)
        {
            while (Next() is { } frame)
            {
                using (frame)
                {
                    await frames.WriteAsync(frame, cancel);
                }
            }

            await _signal.WaitAsync();
        }

        await reading;
    }

    private async Task ReadAsync(IAsyncStreamReader<MessageBuffer> requests, CancellationToken cancel)
    {
        try
        {
            while (await requests.MoveNext(cancel))
            {
                using var message = requests.Current;
                Handle(AttachRequest.Parser.ParseFrom(message.Span));
                _signal.Set();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The client has gone.
        }
    }

    private void Handle(AttachRequest request)
    {
        lock (_sync)
        {
            switch (request.RequestCase)
            {
                case AttachRequest.RequestOneofCase.Open:
                    Open(request.Open);
                    break;
                case AttachRequest.RequestOneofCase.Credit when _readers.TryGetValue(request.Credit.Subscription, out var reader):
                    reader.Credit += (long)request.Credit.Bytes;
                    break;
                case AttachRequest.RequestOneofCase.Close:
                    _readers.Remove(request.Close.Subscription);
                    break;
                default:
                    break;
            }
        }
    }

    private void Open(Open open)
    {
        doppler.Opens.Enqueue(open);
        var head = doppler.At(int.MaxValue).Head;
        var reader = new Reader(open.Subscription, open.V1 is { } v1 ? [v1.Compile()] : [.. open.Selectors.Select(selector => new EnvelopeSelector(selector))], open.Gaps)
        {
            Credit = (long)open.Credit,
            Position = head,
            Live = head,
        };
        if (open.Start is { } start)
        {
            reader.Position = start.FromCase switch
            {
                Start.FromOneofCase.After => start.Incarnation == doppler.Incarnation ? (int)start.After : 0,
                Start.FromOneofCase.Last => SeekLast(reader, head, (int)start.Last),
                Start.FromOneofCase.Since => SeekSince(reader, head, start.Since),
                _ => head,
            };
        }

        _readers[open.Subscription] = reader;
        _rest.Enqueue(new AttachFrame
        {
            Opened = { new Opened { Subscription = open.Subscription, FirstPosition = (ulong)reader.Position, LivePosition = (ulong)head, OldestTimestamp = 1 } },
        });
    }

    private int SeekLast(Reader reader, int head, int last)
    {
        var position = head;
        while (position > 0 && last > 0)
        {
            position--;
            last -= reader.Matches(doppler.At(position).Envelope!);
        }

        return position;
    }

    private int SeekSince(Reader reader, int head, long since)
    {
        for (var position = 0; position < head; position++)
        {
            if (reader.Matches(doppler.At(position).Envelope!) > 0
                && RawEnvelope.TryReadHeader(doppler.At(position).Envelope, out var header) && header.Timestamp >= since)
            {
                return position;
            }
        }

        return head;
    }

    private MessageBuffer? Next()
    {
        lock (_sync)
        {
            if (_rest.TryDequeue(out var rest))
            {
                var message = MessageBuffer.Rent(256);
                AttachFrameCodec.WriteRest(message, rest);
                return message;
            }

            return Shared() ?? Single();
        }
    }

    // Readers at the same place with the same appetite share one run, as the real Doppler's do.
    private MessageBuffer? Shared()
    {
        foreach (var group in _readers.Values.GroupBy(reader => (reader.Position, reader.IsV1)).Where(group => group.Count() > 1))
        {
            if (group.All(reader => reader.Credit > 0) && Fill([.. group]) is { } frame)
            {
                return frame;
            }
        }

        return null;
    }

    private MessageBuffer? Single()
    {
        foreach (var reader in _readers.Values)
        {
            if (reader.Credit > 0 && Fill([reader]) is { } frame)
            {
                return frame;
            }

            if (!reader.Told && reader.Position >= reader.Live)
            {
                reader.Told = true;
                frame = MessageBuffer.Rent(64);
                AttachFrameCodec.WriteRun(frame, 0, [reader.Id], (ulong)reader.Position);
                return frame;
            }
        }

        return null;
    }

    // One run an envelope; readers it does not match pass over it in silence.
    private MessageBuffer? Fill(Reader[] readers)
    {
        MessageBuffer? frame = null;
        while (readers.All(reader => reader.Credit > 0) && doppler.At(readers[0].Position).Envelope is { } envelope)
        {
            List<uint> takers = [];
            using var records = MessageBuffer.Rent(envelope.Length * 2);
            var count = readers[0].Write(records, envelope);
            foreach (var reader in readers)
            {
                reader.Position++;
                for (var copies = reader.Matches(envelope); copies > 0; copies--)
                {
                    takers.Add(reader.Id);
                    reader.Credit -= records.Length;
                }
            }

            if (takers.Count == 0)
            {
                continue;
            }

            frame ??= MessageBuffer.Rent(FrameBytes);
            frame.Write(records.Span);
            AttachFrameCodec.WriteRun(frame, count, [.. takers], (ulong)readers[0].Position);
            if (frame.Length > FrameBytes)
            {
                break;
            }
        }

        return frame;
    }

    private sealed class Reader(uint id, IEnvelopeFilter[] filters, bool gaps)
    {
        public uint Id { get; } = id;

        public long Credit { get; set; }

        public int Position { get; set; }

        /// <summary>The head when it was opened.</summary>
        public int Live { get; init; }

        /// <summary>It was told that it has come to the head.</summary>
        public bool Told { get; set; }

        /// <summary>It gets dropsonde envelopes.</summary>
        public bool IsV1 => filters is [DropsondeFilter];

        public int Matches(byte[] envelope)
        {
            RawEnvelope.TryReadHeader(envelope, out var header);
            var matches = filters.Count(filter => Matches(filter, header, envelope));
            return matches == 0 && gaps && (header.Flags & EnvelopeFlags.GapRecord) != 0 ? 1 : matches;
        }

        /// <summary>Writes the records of an envelope in the reader's form, and returns their number.</summary>
        public int Write(MessageBuffer records, byte[] envelope)
        {
            if (IsV1 && RawEnvelope.TryReadHeader(envelope, out var header))
            {
                return V2ToV1.Write(records, envelope, header, int.MaxValue, out _);
            }

            Records.Append(records, envelope);
            return 1;
        }

        private static bool Matches(IEnvelopeFilter filter, in EnvelopeHeader header, byte[] envelope) =>
            filter.Concerns(header.Type, hasOriginal: false)
            && (filter.SourceId.IsEmpty || filter.SourceId.SequenceEqual(header.SourceId.Of(envelope)))
            && filter.MatchesContent(header, envelope, default);
    }
}
