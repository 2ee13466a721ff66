import java.util.List;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * Starts DynamoDB Local for this machine alone: java -cp '.dynamodb-local/*' Loopback.java OPTIONS, with its own options.
 *
 * <p>By itself it listens on every address, asks for no credentials, and lets the pages of every site read what it holds
 * (-cors is * by default); it has no option for the address. So its web server, which it keeps to itself, is given one
 * before it starts, and a handler in front. Where a later version has none to give it to, this fails.
 */
public final class Loopback {
    private static final String ADDRESS = "127.0.0.1";

    private Loopback() {}

    public static void main(String[] options) throws Exception {
        DynamoDBProxyServer engine = ServerRunner.createServerFromCommandLineArgs(options);
        var kept = DynamoDBProxyServer.class.getDeclaredField("server");
        kept.setAccessible(true);
        Server server = (Server) kept.get(engine);
        for (Connector connector : server.getConnectors()) {
            ((ServerConnector) connector).setHost(ADDRESS);
        }
        server.setHandler(new NoBrowser(server.getHandler()));
        engine.safeStart();
        engine.join();
    }

    /** Refuses what the page of a site can send: with an Origin, or under a name that leads here (DNS rebinding). */
    private static final class NoBrowser extends Handler.Wrapper {
        private static final List<String> NAMES = List.of(ADDRESS, "localhost");

        private NoBrowser(Handler engine) {
            super(engine);
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            if (NAMES.contains(Request.getServerName(request)) && !request.getHeaders().contains(HttpHeader.ORIGIN)) {
                return super.handle(request, response, callback);
            }
            Response.writeError(request, response, callback, HttpStatus.MISDIRECTED_REQUEST_421);
            return true;
        }
    }
}
