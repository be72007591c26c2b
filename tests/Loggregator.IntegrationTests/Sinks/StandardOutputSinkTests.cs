using Loggregator.TestKit.Sinks;

namespace Loggregator.IntegrationTests.Sinks;

public sealed class StandardOutputSinkTests : SinkContract
{
    protected override Task<SinkPeer> StartPeerAsync() => Task.FromResult<SinkPeer>(new PipePeer());

    private sealed class PipePeer : SinkPeer
    {
        private readonly PipeStream _output = new();

        public override string Url => "stdout:?format=text";

        public override Stream StandardOutput => _output;

        public override IReadOnlyList<NumberedLog> Received() => NumberedLog.Find(_output.Text);

        public override Task BreakAsync()
        {
            _output.Broken = true;
            return Task.CompletedTask;
        }

        public override Task RepairAsync()
        {
            _output.Broken = false;
            return Task.CompletedTask;
        }

        public override bool Stall()
        {
            _output.Gate.Close();
            return true;
        }

        public override void Resume() => _output.Gate.Open();

        public override ValueTask DisposeAsync() => _output.DisposeAsync();
    }

    /// <summary>What a pipe looks like whose reader may go away or stop reading.</summary>
    private sealed class PipeStream : Stream
    {
        private readonly Lock _lock = new();
        private readonly MemoryStream _bytes = new();

        public bool Broken { get; set; }

        public TestKit.Cluster.Gate Gate { get; } = new();

        public string Text
        {
            get
            {
                lock (_lock)
                {
                    return System.Text.Encoding.UTF8.GetString(_bytes.GetBuffer(), 0, (int)_bytes.Length);
                }
            }
        }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Gate.PassAsync(cancellationToken);
            if (Broken)
            {
                throw new IOException("Broken pipe.");
            }

            lock (_lock)
            {
                _bytes.Write(buffer.Span);
            }
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
