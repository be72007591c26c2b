using System.IO.Pipelines;
using System.Net.Security;

namespace Loggregator.Hosting.Tls;

/// <summary>The plaintext side of a TLS connection as the pipe that Kestrel reads and writes.</summary>
internal sealed class SslPipe(SslStream tls) : IDuplexPipe
{
    // Two full TLS records (16 KiB each) per read and per flush; Kestrel's 4 KiB would make a record and a system call of each.
    private const int BufferBytes = 32 * 1024;

    public PipeReader Input { get; } = PipeReader.Create(
        tls, new StreamPipeReaderOptions(bufferSize: BufferBytes, minimumReadSize: 4096, leaveOpen: true, useZeroByteReads: true));

    public PipeWriter Output { get; } = PipeWriter.Create(tls, new StreamPipeWriterOptions(minimumBufferSize: BufferBytes, leaveOpen: true));

    public async ValueTask CompleteAsync()
    {
        await Input.CompleteAsync();
        await Output.CompleteAsync();
    }
}
