using System.Collections.Concurrent;
using Confluent.Kafka;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>
/// The thread that renders and sends batches and hears the brokers' answers. It does all of that alone, so nothing has to be locked, and messages are
/// freed by the thread that allocated them: where two threads do that, most of the time goes there.
/// </summary>
internal sealed class KafkaProducer : IDisposable
{
    private const int RecordBits = 24; // of a message's tag: the attempt's number, then the record's index
    private const int RecordsBetweenPolls = 256;
    private const int IdleMilliseconds = 1_000;
    private readonly KafkaOptions _options;
    private readonly ILogger _logger;
    private readonly KafkaTopics _topics;
    private readonly RenderedMessages _messages;
    private readonly ResumePoint _resume = new();
    private readonly ConcurrentQueue<KafkaAttempt> _arrived = new(); // no more than the sink's MaxInFlight
    private readonly Dictionary<long, KafkaAttempt> _open = []; // those that have begun, by number
    private readonly Lock _replacing = new();
    private readonly Thread _thread;
    private volatile KafkaClient _client;
    private KafkaAttempt? _sending;
    private KafkaAttempt? _answered; // found last in those that are open
    private long _number;
    private long _oneByOne; // sequence of a batch in which something was too large: its messages must not share a request
    private volatile bool _stop;
    private bool _disposed;

    /// <summary>Starts the thread.</summary>
    /// <exception cref="SinkException">The client does not take its settings.</exception>
    public KafkaProducer(KafkaOptions options, ILogger logger)
    {
        (_options, _logger) = (options, logger);
        _client = Connect();
        _topics = new KafkaTopics(options);
        _messages = new RenderedMessages(options.Format);
        _thread = new Thread(Run) { IsBackground = true, Name = "Kafka sink" };
        _thread.Start();
    }

    /// <summary>Why nothing gets through at the moment; null when something does.</summary>
    public string? Trouble => _client.Trouble;

    /// <summary>Tries once to deliver a batch, after those before it.</summary>
    public Task<SinkAnswer> DeliverAsync(RecordBatch batch, CancellationToken cancel)
    {
        var attempt = new KafkaAttempt(batch, cancel);
        _arrived.Enqueue(attempt);
        Wake();
        return attempt.Answer;
    }

    /// <summary>Has the thread look at what is new.</summary>
    public void Wake()
    {
        lock (_replacing)
        {
            if (!_disposed)
            {
                _client.Wake();
            }
        }
    }

    public void Dispose()
    {
        _stop = true;
        Wake();
        _thread.Join();
        lock (_replacing)
        {
            _disposed = true;
        }

        _client.Dispose();
        _messages.Dispose();
    }

    private KafkaClient Connect() => new(_options.Settings, Report, _logger);

    private void Run()
    {
        while (!_stop)
        {
            GiveUp();
            var wait = Advance() ? 0 : IdleMilliseconds;
            _client.Poll(wait); // which may be another client by now
        }
    }

    private void GiveUp()
    {
        foreach (var attempt in _open.Values)
        {
            if (attempt.IsCancelled)
            {
                Close(attempt);
                attempt.GiveUp();
            }
        }
    }

    // Takes the oldest attempt that is not sent a step on; false when there is nothing to do until something is new.
    private bool Advance()
    {
        if (_sending is null)
        {
            if (!_arrived.TryDequeue(out var next))
            {
                return false;
            }

            Begin(next);
        }

        var attempt = _sending!;
        try
        {
            if (!Send(attempt))
            {
                return false;
            }
        }
        catch (Exception mistake) when (mistake is not OutOfMemoryException)
        {
            Close(attempt); // the delivery loop says it, and tries again
            _resume.Failed(attempt.Records);
            attempt.Break(mistake);
            return true;
        }

        if (attempt.IsSent)
        {
            _sending = null;
            Finish(attempt);
        }

        return true;
    }

    private void Begin(KafkaAttempt attempt)
    {
        if (_client.IsBroken)
        {
            Replace(attempt);
        }

        attempt.Number = ++_number;
        attempt.IsOneByOne = _oneByOne == attempt.Records.Sequence;
        if (!_resume.Admits(attempt.Records))
        {
            attempt.Fail("an earlier batch must go first");
        }

        _open.Add(attempt.Number, attempt);
        _sending = attempt;
    }

    // A client that is broken has no more answers for those that it has.
    private void Replace(KafkaAttempt next)
    {
        try
        {
            var (broken, client) = (_client, Connect());
            lock (_replacing)
            {
                _client = client;
            }

            broken.Dispose();
            foreach (var attempt in _open.Values)
            {
                attempt.Fail("the client had to be made anew");
                attempt.Unanswered = 0;
                Finish(attempt);
            }
        }
        catch (SinkException e)
        {
            next.Fail(e.Message);
        }
    }

    // Sends some records; false when it has to wait.
    private bool Send(KafkaAttempt attempt)
    {
        for (var left = RecordsBetweenPolls; left > 0 && !attempt.IsSent; left--)
        {
            var maxBytes = int.MaxValue;
            if (attempt.IsOneByOne)
            {
                if (attempt.Unanswered > 0)
                {
                    return false;
                }

                if (attempt.WasTooLarge) // by itself: again in halves, until the broker takes it or it cannot be split
                {
                    maxBytes = attempt.LargestBytes / 2;
                    attempt.WasTooLarge = false;
                    attempt.Next--;
                }
            }

            if (attempt.Records.State(attempt.Next) == RecordState.Pending && !SendRecord(attempt, attempt.Next, maxBytes))
            {
                return false;
            }

            attempt.Next++;
        }

        return true;
    }

    // False when the client's queue is full.
    private bool SendRecord(KafkaAttempt attempt, int record, int maxBytes)
    {
        var batch = attempt.Records;
        var envelope = batch.Envelope(record, out var header);
        Span<byte> cursor = stackalloc byte[KafkaMessage.MaxCursor];
        if (!Render(batch, record, envelope, header, cursor, maxBytes))
        {
            return true;
        }

        var topic = _topics.Of(header.SourceId.Of(envelope));
        if (_topics.MustAsk(topic) && _client.Ask(topic) is { } problem)
        {
            attempt.Fail(problem);
            return true;
        }

        attempt.LargestBytes = _messages.LargestBytes;
        if (_messages.Count > 1 && attempt.Part == 0)
        {
            attempt.Expect(record, _messages.Count);
        }

        var partition = _topics.PartitionOf(topic, header.SourceId.Of(envelope));
        for (; attempt.Part < _messages.Count; attempt.Part++)
        {
            var length = KafkaMessage.WriteCursor(batch, record, _messages.Count > 1 ? attempt.Part + 1 : 0, cursor);
            var message = new KafkaMessage(envelope, header, _messages[attempt.Part].Span, cursor[..length]);
            var error = _client.Produce(topic, partition, message, _options.Headers, (attempt.Number << RecordBits) | (uint)record);
            if (error == ErrorCode.Local_QueueFull)
            {
                return false;
            }

            attempt.Unanswered++;
            if (error != ErrorCode.NoError)
            {
                attempt.Note(record, error);
            }
        }

        attempt.Part = 0;
        return true;
    }

    // Into messages of at most so many bytes; false when the record was refused.
    private bool Render(RecordBatch batch, int record, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, Span<byte> id, int maxBytes)
    {
        _messages.Clear();
        if (_messages.Add(record, envelope, header, id[..batch.WriteId(record, id)]) is { } problem)
        {
            batch.Refuse(record, LossReason.Invalid, problem);
            return false;
        }

        maxBytes = Math.Min(maxBytes, _options.MaxMessageBytes - KafkaMessage.Overhead(header));
        var largest = _messages.LargestBytes;
        if (largest <= maxBytes || (_options.Oversize == KafkaOversize.Split && LogParts.Render(_messages, batch, record, maxBytes)))
        {
            return true;
        }

        batch.Refuse(record, LossReason.TooLarge, $"its message of {largest} bytes is larger than the {maxBytes} that the broker takes");
        return false;
    }

    private void Report(long tag, ErrorCode error)
    {
        var number = tag >> RecordBits;
        if (_answered?.Number != number)
        {
            _answered = _open.GetValueOrDefault(number);
        }

        if (_answered is not { } attempt)
        {
            return;
        }

        attempt.Note((int)(tag & ((1 << RecordBits) - 1)), error);
        if (attempt != _sending)
        {
            Finish(attempt);
        }
    }

    private void Finish(KafkaAttempt attempt)
    {
        if (attempt.Failure is not null)
        {
            _resume.Failed(attempt.Records);
        }

        if (attempt.Unanswered > 0)
        {
            return;
        }

        if (attempt.Failure is not null)
        {
            _oneByOne = attempt.WasTooLarge ? attempt.Records.Sequence : _oneByOne;
            _topics.Forget(); // one may have been made anew
        }

        Close(attempt);
        attempt.Complete();
    }

    private void Close(KafkaAttempt attempt)
    {
        _open.Remove(attempt.Number);
        _sending = _sending == attempt ? null : _sending;
        _answered = _answered == attempt ? null : _answered;
    }
}
