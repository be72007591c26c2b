using System.CommandLine;
using System.Net;
using Grpc.AspNetCore.Server.Model;
using Loggregator.Client.Connect;
using Loggregator.Protocol.Grpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Loggregator.Load.Sink;

/// <summary><c>loggregator-load sink</c>: the floor to compare with, and a peer to try the tool against.</summary>
internal static class SinkCommand
{
    private static readonly Option<int> Port = new("--port") { Description = "port on loopback; 0 picks a free one", DefaultValueFactory = _ => 0 };
    private static readonly Option<string> Cert = new("--cert") { Description = "certificate (PEM); without: plaintext", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Key = new("--key") { Description = "its key (PEM)", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Ca = new("--ca") { Description = "the CA of clients (PEM)", DefaultValueFactory = _ => "" };

    public static Command Create()
    {
        var command = new Command("sink", "Serves v2 Ingress and Egress and hands every message on as it came.") { Port, Cert, Key, Ca };
        command.SetAction(async (arguments, cancel) =>
        {
            var cert = arguments.GetValue(Cert)!;
            using var credentials = cert.Length > 0 ? PeerCredentials.Load(new PeerFiles(cert, arguments.GetValue(Key)!, arguments.GetValue(Ca)!)) : null;
            await using var app = Build(arguments.GetValue(Port), credentials);
            await app.StartAsync(cancel);
            Console.WriteLine(Address(app));
            await app.WaitForShutdownAsync(cancel);
        });
        return command;
    }

    /// <summary>A sink, not yet started.</summary>
    internal static WebApplication Build(int port, PeerCredentials? credentials)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (credentials is not null)
            {
                listen.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificate = credentials.Current.Leaf,
                    ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                    ClientCertificateValidation = (certificate, chain, _) =>
                        credentials.Current.RejectClient(certificate, chain, DateTimeOffset.UtcNow) is null,
                });
            }
        }));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = RawMethods.MaxMessageBytes);
        builder.Services.AddSingleton<SinkService>();
        builder.Services.AddSingleton<IServiceMethodProvider<SinkService>>(services => services.GetRequiredService<SinkService>());
        var app = builder.Build();
        app.MapGrpcService<SinkService>();
        return app;
    }

    /// <summary>Where a started sink listens, <c>host:port</c>.</summary>
    internal static string Address(WebApplication app) =>
        new Uri(app.Urls.First()).Authority;
}
